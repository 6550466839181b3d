/**
 * `dice recover`: a new password by the recovery words, and a session with it.
 */
import type { Context } from './context.js';
import { firstLine } from './passwd.js';
import type { Call, VerbHost } from './verb.js';

interface RecoverOptions {
  readonly recoveryFile?: string;
  readonly code?: string;
}

export function addRecover(host: VerbHost): void {
  host
    .verb<RecoverOptions>('recover', 'set a new password with the recovery words', recover)
    .option('--recovery-file <path>', 'read the words from this file')
    .option('--code <code>', 'code of the second factor, which then stays on; without it the words turn it off');
}

async function recover(context: Context, { options }: Call<RecoverOptions>): Promise<0> {
  const client = await context.guest();
  const username = await context.username();
  const file = options.recoveryFile;
  const recoveryWords = file === undefined ? await context.console.askHidden('The 24 recovery words', 'give --recovery-file') : await firstLine(file);
  const newPassword = await context.newPassword();
  await client.recover({ username, recoveryWords, newPassword, device: 'dice command', code: options.code }, { signal: context.signal });
  await context.keep(client);
  context.console.say(`The password of ${username} is changed. All other sessions have ended.`);
  context.console.document({ username, accountId: client.account?.accountId ?? '' });
  return 0;
}
