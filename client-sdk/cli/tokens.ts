/**
 * `dice tokens`: a profile of its own for a program, with a long-lived token in it. `dice sessions --end` revokes it.
 */
import { saveProfile } from '../node/profile.js';
import { timeText } from './amounts.js';
import type { Context } from './context.js';
import { numberOption } from './number-option.js';
import type { Call, VerbHost } from './verb.js';

interface TokenOptions {
  readonly device: string;
  readonly days: string;
  readonly output: string;
}

export function addTokens(host: VerbHost): void {
  host
    .verb<TokenOptions>('tokens', 'make a profile for a program that uses this account', makeToken)
    .requiredOption('--device <name>', 'what uses it, as the list of sessions shows it')
    .option('--days <n>', 'how long it holds (1 to 3650)', '365')
    .requiredOption('-o, --output <folder>', 'folder of the new profile, for --profile-dir or DICE_HOME there');
}

async function makeToken(context: Context, { options }: Call<TokenOptions>): Promise<0> {
  const days = numberOption('--days', options.days, { min: 1, max: 3650 });
  const client = await context.member();
  const token = await client.makeToken({ device: options.device, days }, { signal: context.signal });
  await saveProfile(options.output, token.session);
  context.console.say(`${options.output} opens this account until ${timeText(token.expiresAt)}: keep it secret.`);
  context.console.document({ sessionId: token.sessionId, profileDir: options.output, expiresAt: timeText(token.expiresAt) });
  return 0;
}
