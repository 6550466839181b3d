/**
 * `dice head`: what the account signed last, what of it the server lacks, and accepting a loss after the operator restored a backup.
 */
import type { DiceClient, HeadFigures } from '../api.js';
import { DiceError } from '../core/errors.js';
import { timeText } from './amounts.js';
import type { Context } from './context.js';
import type { ExitStatus } from './exit-status.js';
import type { Call, VerbHost } from './verb.js';

interface HeadOptions {
  readonly accept?: true;
  readonly yes?: true;
}

export function addHead(host: VerbHost): void {
  host
    .verb<HeadOptions>('head', 'hold the server against the newest signed state of the account', head)
    .option('--accept', 'sign that what is missing is gone, and go on with what the server has')
    .option('--yes', 'with --accept: do not ask');
}

async function head(context: Context, { options }: Call<HeadOptions>): Promise<ExitStatus> {
  const client = await context.member();
  const { figures, refused } = await newest(client, context);
  const missing = await client.missing({ signal: context.signal });
  if (refused !== undefined) context.console.note(refused.message);
  for (const { id, isTrashed } of missing) context.console.say(`missing: ${id}${isTrashed ? ' (it was in the trash)' : ''}`);
  if (options.accept !== true) {
    const isRight = refused === undefined && missing.length === 0;
    context.console.say(isRight ? summaryOf(figures) : 'If the operator restored the store from a backup, "dice head --accept" signs that what is missing is gone. If not, trust this server no longer.');
    context.console.document({ ...documentOf(figures), rolledBack: refused !== undefined, missing: missing.map(({ id, isTrashed }) => ({ id, isTrashed })) });
    return isRight ? 0 : 4;
  }
  await confirm(context, { count: missing.length, isAsked: options.yes !== true });
  const given = await client.acceptLoss({ signal: context.signal });
  const after = await client.head({ signal: context.signal });
  context.console.say(`${String(given)} images are given up. ${summaryOf(after)}`);
  context.console.document({ ...documentOf(after), givenUp: given });
  return 0;
}

/** The newest head, or why it is not trusted. */
async function newest(client: DiceClient, { signal }: Context): Promise<{ readonly figures?: HeadFigures | undefined; readonly refused?: DiceError }> {
  try {
    return { figures: await client.head({ signal }) };
  } catch (thrown) {
    if (thrown instanceof DiceError && thrown.code === 'account-rolled-back') return { refused: thrown };
    throw thrown;
  }
}

async function confirm(context: Context, { count, isAsked }: { readonly count: number; readonly isAsked: boolean }): Promise<void> {
  if (!isAsked) return;
  const what = count === 0 ? 'accept what the server shows; nothing is missing' : `give up ${String(count)} images`;
  const typed = await context.console.ask(`Type ${String(count)} to ${what}`, 'give --yes');
  if (typed.trim() !== String(count)) throw new DiceError('cancelled', 'Nothing was accepted.');
}

function summaryOf(figures: HeadFigures | undefined): string {
  return figures === undefined ? 'The account has signed nothing yet.' : `State ${String(figures.counter)}, signed ${timeText(figures.signedAt)}: nothing is missing.`;
}

function documentOf(figures: HeadFigures | undefined): { readonly counter: number | null; readonly epoch: number | null; readonly signedAt: string | null } {
  return { counter: figures?.counter ?? null, epoch: figures?.epoch ?? null, signedAt: figures === undefined ? null : timeText(figures.signedAt) };
}
