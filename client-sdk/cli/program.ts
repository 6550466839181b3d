/**
 * The `dice` program: global options, all verbs, and how errors end it. Runs in the process of main.ts or of a test.
 */
import { Command, CommanderError } from 'commander';
import { DiceError } from '../core/errors.js';
import { addAccountVerbs } from './account-verbs.js';
import { addCloseAccount } from './close-account.js';
import { Console } from './console.js';
import type { Surroundings } from './context.js';
import { addDownload } from './download.js';
import { statusOf, UsageError, type ExitStatus } from './exit-status.js';
import { addFactor } from './factor.js';
import { addHead } from './head.js';
import { addImageVerbs } from './image-verbs.js';
import { addInfo } from './info.js';
import { addInvite } from './invite.js';
import { addPasswd } from './passwd.js';
import { addRecover } from './recover.js';
import { addRegister } from './register.js';
import { addReport } from './report.js';
import { addSessions } from './sessions.js';
import { addTokens } from './tokens.js';
import { addUpload } from './upload.js';
import { hostOn, type VerbListener } from './verb.js';
import { addVerify } from './verify.js';

/** Runs one command line and answers its exit status. Never throws. */
export async function runDice(args: readonly string[], surroundings: Surroundings): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  // Until a verb has read its options.
  let console = new Console(surroundings.streams, { isJson: args.includes('--json'), isQuiet: false });
  const program = makeProgram(surroundings, {
    begun: (own) => { console = own; },
    done: (said) => { status = said; },
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return status;
  } catch (error) {
    return complain(error, console);
  }
}

function makeProgram(surroundings: Surroundings, listener: VerbListener): Command {
  const { stdout, stderr } = surroundings.streams;
  const program = new Command('dice')
    .description('Keeps images on a DICE Store server: deduplicated, end-to-end encrypted, bit for bit.')
    .option('--server <url>', 'server to talk to (DICE_SERVER; default http://localhost:3000)')
    .option('--username <name>', 'user name (DICE_USERNAME)')
    .option('--profile-dir <folder>', 'folder of the profile (DICE_HOME; default ~/.config/dice)')
    .option('--json', 'one JSON document on stdout, everything else on stderr')
    .option('--quiet', 'say nothing but errors and results')
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .exitOverride();
  const host = hostOn(program, surroundings, listener);
  for (const add of [addRegister, addAccountVerbs, addUpload, addImageVerbs, addInfo, addHead, addDownload, addVerify, addReport, addPasswd, addRecover, addInvite, addSessions, addTokens, addFactor, addCloseAccount]) {
    add(host);
  }
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}

function complain(error: unknown, console: Console): ExitStatus {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const isKnown = error instanceof DiceError || error instanceof UsageError;
  const message = isKnown ? error.message : `failed: ${error instanceof Error ? error.message : 'unknown error'}`;
  console.complain(message);
  if (error instanceof DiceError && error.code === 'cancelled') console.complain('run the same command again to go on; only what is missing travels');
  console.failed({ code: error instanceof DiceError ? error.code : isKnown ? 'argument-invalid' : 'internal', message });
  return statusOf(error);
}
