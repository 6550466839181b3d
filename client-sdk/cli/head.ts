/**
 * `dice head`: what the account signed last, where the server differs from it, and accepting that after the operator restored a backup.
 */
import type { DiceClient, HeadDifference, HeadDifferenceKind, HeadFigures } from '../api.js';
import { DiceError } from '../core/errors.js';
import { timeText } from './amounts.js';
import type { Context } from './context.js';
import type { ExitStatus } from './exit-status.js';
import type { Call, VerbHost } from './verb.js';

interface HeadOptions {
  readonly accept?: true;
  readonly yes?: true;
}

const kindTexts: Readonly<Record<HeadDifferenceKind, string>> = {
  missing: 'missing', trashed: 'moved to the trash by the server', returned: 'removed, and back', changed: 'stands for other bytes', unsaid: 'not signed yet',
};

export function addHead(host: VerbHost): void {
  host
    .verb<HeadOptions>('head', 'hold the server against the newest signed state of the account', head)
    .option('--accept', 'sign that what is missing is gone, and go on with what the server has')
    .option('--yes', 'with --accept: do not ask');
}

async function head(context: Context, { options }: Call<HeadOptions>): Promise<ExitStatus> {
  const client = await context.member();
  const { figures, refused } = await newest(client, context);
  const { images, digest } = await client.missing({ signal: context.signal });
  if (refused !== undefined) context.console.note(refused.message);
  // What is right and not said yet, any listing signs. It is shown where the owner is asked to sign it with all else.
  const wrong = images.filter(({ kind }) => kind !== 'unsaid');
  for (const image of options.accept === true ? images : wrong) context.console.say(textOf(image));
  if (options.accept !== true) {
    const isRight = refused === undefined && wrong.length === 0;
    context.console.say(isRight ? summaryOf(figures) : 'If the operator restored the store from a backup, "dice head --accept" signs that what is missing is gone, and the rest as the server has it. If not, trust this server no longer.');
    const missing = wrong.filter(({ kind }) => kind === 'missing').map(({ id, isTrashed }) => ({ id, isTrashed }));
    const otherwise = wrong.filter(({ kind }) => kind !== 'missing').map(({ id, kind }) => ({ id, kind }));
    context.console.document({ ...documentOf(figures), rolledBack: refused !== undefined, missing, otherwise });
    return isRight ? 0 : 4;
  }
  await confirm(context, { count: wrong.length, isAsked: options.yes !== true });
  const given = await accepted(client, digest, context);
  if (given === undefined) return head(context, { args: [], options: {} });
  const after = await client.head({ signal: context.signal });
  context.console.say(`${String(given)} images are given up. ${summaryOf(after)}`);
  context.console.document({ ...documentOf(after), givenUp: given });
  return 0;
}

/** How many images were given up; undefined where the server shows something else than what was confirmed. */
async function accepted(client: DiceClient, digest: string, { console, signal }: Context): Promise<number | undefined> {
  try {
    return await client.acceptLoss(digest, { signal });
  } catch (thrown) {
    if (!(thrown instanceof DiceError) || thrown.code !== 'revision-conflict') throw thrown;
    console.note(thrown.message);
    return undefined;
  }
}

function textOf({ id, kind, isTrashed }: HeadDifference): string {
  return `${kindTexts[kind]}: ${id}${isTrashed ? ' (it was in the trash)' : ''}`;
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
  const what = count === 0 ? 'accept what the server shows; nothing is missing' : `accept these ${String(count)} differences, and give up what is missing`;
  const typed = await context.console.ask(`Type ${String(count)} to ${what}`, 'give --yes');
  if (typed.trim() !== String(count)) throw new DiceError('cancelled', 'Nothing was accepted.');
}

function summaryOf(figures: HeadFigures | undefined): string {
  return figures === undefined ? 'The account has signed nothing yet.' : `State ${String(figures.counter)}, signed ${timeText(figures.signedAt)}: nothing is missing.`;
}

function documentOf(figures: HeadFigures | undefined): { readonly counter: number | null; readonly epoch: number | null; readonly signedAt: string | null } {
  return { counter: figures?.counter ?? null, epoch: figures?.epoch ?? null, signedAt: figures === undefined ? null : timeText(figures.signedAt) };
}
