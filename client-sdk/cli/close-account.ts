/**
 * `dice close-account`: ends the account and all that it stores. Asks for the user name and the password; where nobody can type,
 * `--confirm` carries the user name.
 */
import type { Context } from './context.js';
import type { Call, VerbHost } from './verb.js';

interface CloseOptions {
  readonly confirm?: string;
}

export function addCloseAccount(host: VerbHost): void {
  host
    .verb<CloseOptions>('close-account', 'close the account for good: its images, sessions and tokens go', closeAccount)
    .option('--confirm <username>', 'the user name of the account, instead of typing it');
}

async function closeAccount(context: Context, { options }: Call<CloseOptions>): Promise<0> {
  const client = await context.member();
  const { signal } = context;
  const { images, trashedImages } = await client.usage({ signal });
  context.console.note(`This removes ${String(images)} images, ${String(trashedImages)} of them in the trash, with all sessions and tokens. Nothing of it can be brought back.`);
  const username = options.confirm ?? (await context.console.ask('Type the user name to go on', 'give --confirm'));
  await client.closeAccount({ username, password: await context.password() }, { signal });
  await context.forget();
  context.console.say('The account is closed.');
  context.console.document({ closed: true });
  return 0;
}
