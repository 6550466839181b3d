/**
 * `dice register`: makes an account, shows the recovery words and asks for them again, or writes them to a new file.
 */
import type { RegisterRequest } from '../api.js';
import type { Context } from './context.js';
import { UsageError } from './exit-status.js';
import type { VerbHost } from './verb.js';
import { WordsFile } from './words-file.js';

interface RegisterOptions {
  readonly email?: string;
  readonly domain?: string;
  readonly invitation?: string;
  readonly setupToken?: string;
  readonly recoveryFile?: string;
}

export function addRegister(host: VerbHost): void {
  host
    .verb<RegisterOptions>('register', 'make an account', register)
    .option('--email <address>', 'e-mail address, never shown to others; "" for none without being asked')
    .option('--domain <domain>', 'personal (nothing is shared) or open (equal images of all users are kept once)')
    .option('--invitation <link>', 'the whole invitation link')
    .option('--setup-token <token>', 'the token that the first account of a server needs')
    .option('--recovery-file <path>', 'write the recovery words to this new file (0600) instead of showing them');
}

async function register(context: Context, { options }: { readonly options: RegisterOptions }): Promise<0> {
  const file = await WordsFile.open(context, options.recoveryFile);
  try {
    const request = await requestOf(context, options);
    const client = await context.guest();
    const { recoveryWords } = await client.register(request, { signal: context.signal });
    await file?.keep(recoveryWords);
    await context.keep(client);
    if (file === undefined) await showWords(context, recoveryWords);
    context.console.say(`Registered ${request.username} at ${client.serverUrl}.`);
    context.console.document({ username: request.username, accountId: client.account?.accountId ?? '', server: client.serverUrl });
    return 0;
  } finally {
    await file?.close();
  }
}

/** Shows the words once and asks for them until they are entered again. */
export async function showWords(context: Context, words: string): Promise<void> {
  const { console } = context;
  console.note('\nThese 24 words open your images if the password is lost. Nobody can show them again. Write them down:\n');
  const list = words.split(' ');
  for (let row = 0; row < list.length; row += 6) console.note(list.slice(row, row + 6).map((word, i) => `${String(row + i + 1).padStart(2)} ${word.padEnd(9)}`).join(' '));
  for (;;) {
    const typed = await console.ask('\nType them again, separated by spaces', 'give --recovery-file');
    if (typed.trim().toLowerCase().split(/\s+/).join(' ') === words) return;
    console.complain('these are not the words; once more');
  }
}

async function requestOf(context: Context, options: RegisterOptions): Promise<RegisterRequest> {
  const { domain } = options;
  if (domain !== undefined && domain !== 'personal' && domain !== 'open') throw new UsageError('--domain is personal or open');
  const username = await context.username();
  const isAsked = options.email === undefined && context.surroundings.streams.stdin.isTTY === true && options.recoveryFile === undefined;
  const email = isAsked ? await context.console.ask('E-mail (optional, never shown to others)', '') : options.email;
  return {
    username,
    password: await context.newPassword(),
    email: email === '' ? undefined : email,
    domain,
    invitation: options.invitation,
    setupToken: options.setupToken,
    device: 'dice command',
  };
}
