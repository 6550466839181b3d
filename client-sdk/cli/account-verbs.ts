/**
 * `dice login`, `logout` and `whoami`.
 */
import type { Credentials, DiceClient } from '../api.js';
import { DiceError } from '../core/errors.js';
import { bytesText } from './amounts.js';
import type { Context } from './context.js';
import type { Call, VerbHost } from './verb.js';

interface LoginOptions {
  readonly code?: string;
}

export function addAccountVerbs(host: VerbHost): void {
  host
    .verb<LoginOptions>('login', 'begin a session and keep it in the profile', login)
    .option('--code <code>', 'code of the authenticator app, or a backup code, where the account has a second factor');
  host.verb('logout', 'end the session and erase what the profile keeps', logout);
  host.verb('whoami', 'show the account, its domain and its use', whoami);
}

async function login(context: Context, { options }: Call<LoginOptions>): Promise<0> {
  const client = await context.guest();
  const username = await context.username();
  await loginAsking(context, client, { username, password: await context.password(), device: 'dice command', code: options.code });
  await context.keep(client);
  context.console.say(`Logged in as ${username} at ${client.serverUrl}.`);
  context.console.document({ username, accountId: client.account?.accountId ?? '', server: client.serverUrl });
  return 0;
}

/** Asks for the code where the server does, and somebody is there to be asked. */
async function loginAsking(context: Context, client: DiceClient, credentials: Credentials): Promise<void> {
  const { signal } = context;
  try {
    await client.login(credentials, { signal });
  } catch (thrown) {
    if (!(thrown instanceof DiceError) || thrown.code !== 'second-factor-required') throw thrown;
    if (!context.isAttended) throw new DiceError(thrown.code, `${thrown.message} Give it with --code.`, thrown.extra);
    await client.login({ ...credentials, code: await context.code(undefined) }, { signal });
  }
}

async function logout(context: Context): Promise<0> {
  try {
    const client = await context.member();
    await client.logout({ signal: context.signal });
  } finally {
    await context.forget();
  }
  context.console.say('Logged out.');
  context.console.document({ loggedOut: true });
  return 0;
}

async function whoami(context: Context): Promise<0> {
  const client = await context.member();
  const usage = await client.usage({ signal: context.signal });
  const { console } = context;
  const quota = usage.quotaBytes === undefined ? '' : ` of ${bytesText(usage.quotaBytes)}`;
  console.say(`${client.account?.username ?? ''} at ${client.serverUrl}`);
  console.say(`domain ${client.account?.domain ?? ''}, ${String(usage.images)} images, ${bytesText(usage.usedBytes)}${quota} used`);
  console.document(accountDocument(client, usage.usedBytes));
  return 0;
}

function accountDocument(client: DiceClient, usedBytes: number): Readonly<Record<string, string | number | boolean | null>> {
  const { account } = client;
  return {
    username: account?.username ?? '',
    accountId: account?.accountId ?? '',
    email: account?.email ?? null,
    isOperator: account?.isOperator ?? false,
    domain: account?.domain ?? '',
    server: client.serverUrl,
    usedBytes,
    quotaBytes: account?.quotaBytes ?? null,
  };
}
