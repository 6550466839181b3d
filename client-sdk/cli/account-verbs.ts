/**
 * `dice login`, `logout` and `whoami`.
 */
import type { DiceClient } from '../api.js';
import { bytesText } from './amounts.js';
import type { Context } from './context.js';
import type { VerbHost } from './verb.js';

export function addAccountVerbs(host: VerbHost): void {
  host.verb('login', 'begin a session and keep it in the profile', login);
  host.verb('logout', 'end the session and erase what the profile keeps', logout);
  host.verb('whoami', 'show the account, its domain and its use', whoami);
}

async function login(context: Context): Promise<0> {
  const client = await context.guest();
  const username = await context.username();
  await client.login({ username, password: await context.password(), device: 'dice command' }, { signal: context.signal });
  await context.keep(client);
  context.console.say(`Logged in as ${username} at ${client.serverUrl}.`);
  context.console.document({ username, accountId: client.account?.accountId ?? '', server: client.serverUrl });
  return 0;
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
