/**
 * `dice passwd`: a new password, or new recovery words. Ends all other sessions.
 */
import { readFile } from 'node:fs/promises';
import type { DiceClient } from '../api.js';
import { fault } from '../core/errors.js';
import type { Context } from './context.js';
import { showWords } from './register.js';
import type { Call, VerbHost } from './verb.js';
import { WordsFile } from './words-file.js';

interface PasswdOptions {
  readonly newPasswordFile?: string;
  readonly words?: boolean;
  readonly recoveryFile?: string;
  readonly code?: string;
}

export function addPasswd(host: VerbHost): void {
  host
    .verb<PasswdOptions>('passwd', 'change the password (or, with --words, the recovery words); ends all other sessions', passwd)
    .option('--new-password-file <path>', 'read the new password from the first line of this file')
    .option('--words', 'make new recovery words instead; the old ones end')
    .option('--recovery-file <path>', 'with --words: write them to this new file (0600)')
    .option('--code <code>', 'code of the second factor, where the account has one');
}

async function passwd(context: Context, { options }: Call<PasswdOptions>): Promise<0> {
  return options.words === true ? changeWords(context, options) : changePassword(context, options);
}

async function changePassword(context: Context, options: PasswdOptions): Promise<0> {
  const client = await context.member();
  const current = await context.password('Current password');
  const file = options.newPasswordFile;
  const next = file === undefined ? await context.typedTwice('give --new-password-file') : await firstLine(file);
  await client.changePassword({ current, next, code: await codeOf(context, client, options) }, { signal: context.signal });
  await context.keep(client);
  context.console.say('The password is changed. All other sessions have ended.');
  context.console.document({ changed: 'password' });
  return 0;
}

async function changeWords(context: Context, options: PasswdOptions): Promise<0> {
  const file = await WordsFile.open(context, options.recoveryFile);
  try {
    const client = await context.member();
    const { recoveryWords } = await client.changeRecoveryWords({ password: await context.password(), code: await codeOf(context, client, options) }, { signal: context.signal });
    await file?.keep(recoveryWords);
    await context.keep(client);
    if (file === undefined) await showWords(context, recoveryWords);
    context.console.say('The recovery words are changed; the old ones open nothing any more.');
    context.console.document({ changed: 'recovery-words' });
    return 0;
  } finally {
    await file?.close();
  }
}

async function codeOf(context: Context, client: DiceClient, { code }: PasswdOptions): Promise<string | undefined> {
  return client.account?.hasSecondFactor === true ? context.code(code) : code;
}

/** The first line of a file that holds a secret. Throws DiceError `file-unreadable`. */
export async function firstLine(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).split(/\r?\n/, 1)[0] ?? '';
  } catch (cause) {
    throw fault('file-unreadable', `${file} cannot be read.`, cause);
  }
}
