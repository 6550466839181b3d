/**
 * `dice factor on|off|status`: the second factor of the account. Without a terminal `on` takes two calls: one shows the secret, the next has its first code.
 */
import encodeQR from 'qr';
import type { DiceClient } from '../api.js';
import { DiceError } from '../core/errors.js';
import type { Context } from './context.js';
import { UsageError } from './exit-status.js';
import type { Call, VerbHost } from './verb.js';

interface FactorOptions {
  readonly code?: string;
}

export function addFactor(host: VerbHost): void {
  host
    .verb<FactorOptions>('factor <on|off|status>', 'ask for a code of an authenticator app at every login, or no longer', factor)
    .option('--code <code>', 'code of the authenticator app (off: or a backup code)');
}

async function factor(context: Context, { options, args: [wish] }: Call<FactorOptions>): Promise<0> {
  if (wish === 'on') return turnOn(context, options);
  if (wish === 'off') return turnOff(context, options);
  if (wish === 'status') return status(context);
  throw new UsageError('say on, off or status');
}

async function turnOn(context: Context, { code }: FactorOptions): Promise<0> {
  const client = await context.member();
  if (code !== undefined) return confirm(context, client, code);
  const { secret, link } = await client.beginSecondFactor({ password: await context.password() }, { signal: context.signal });
  context.console.say(`Secret for the authenticator app: ${secret}`);
  context.console.say(`The same as a link: ${link}`);
  if (context.isAttended) {
    context.console.say(encodeQR(link, 'ascii'));
    return confirm(context, client, await context.console.ask('Code that the app shows now', 'give --code'));
  }
  context.console.say('It is asked of nobody yet: dice factor on --code <code that the app shows>');
  context.console.document({ secret, link });
  return 0;
}

async function confirm(context: Context, client: DiceClient, code: string): Promise<0> {
  const { backupCodes } = await confirmed(context, client, code);
  context.console.say('The second factor is on. Each of these backup codes stands in for a code once; they are not shown again:');
  for (const backupCode of backupCodes) context.console.say(`  ${backupCode.replace(/(.{4})(?=.)/g, '$1-')}`);
  context.console.document({ secondFactor: true, backupCodes });
  return 0;
}

/** The secret stays begun where its first code was wrong. */
async function confirmed({ signal }: Context, client: DiceClient, code: string): Promise<{ readonly backupCodes: readonly string[] }> {
  try {
    return await client.confirmSecondFactor(code, { signal });
  } catch (thrown) {
    if (!(thrown instanceof DiceError) || thrown.code !== 'second-factor-wrong') throw thrown;
    throw new DiceError(thrown.code, `${thrown.message} Then: dice factor on --code <code>. The secret stays the same.`, thrown.extra);
  }
}

async function turnOff(context: Context, { code }: FactorOptions): Promise<0> {
  const client = await context.member();
  await client.endSecondFactor({ password: await context.password(), code: await context.code(code) }, { signal: context.signal });
  context.console.say('The second factor is off.');
  context.console.document({ secondFactor: false });
  return 0;
}

async function status(context: Context): Promise<0> {
  const client = await context.member();
  const { hasSecondFactor = false, backupCodesLeft = 0 } = client.account ?? {};
  context.console.say(hasSecondFactor ? `The second factor is on; ${String(backupCodesLeft)} backup codes are left.` : 'The second factor is off.');
  context.console.document({ secondFactor: hasSecondFactor, backupCodesLeft });
  return 0;
}
