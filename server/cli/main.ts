#!/usr/bin/env node
/**
 * The operator's command `dice-admin`: verbs over a data directory whose server is stopped (but for a backup). Reads the same environment
 * as the server. Results go to stdout, everything else to stderr.
 */
import path from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { ConfigMistakes, readConfig } from '../config.js';
import { DataDirectoryError } from '../data-directory.js';
import { explain } from '../explain.js';
import { openStore, type Purpose } from '../open-store.js';
import { policyOf } from '../policy.js';
import { CorruptionError } from '../ports/errors.js';
import { backup, type BackupOptions } from './backup.js';
import { check } from './check.js';
import { gc, gcForecast } from './gc.js';
import { migrateStorage, type MigrateOptions, type MoveBench } from './migrate-storage.js';
import { parity } from './parity.js';
import { rebuildIndex } from './rebuild-index.js';
import { release, type ReleaseOptions } from './release.js';
import { report } from './report.js';
import { restore } from './restore.js';
import { scrub, type ScrubOptions } from './scrub.js';
import { users } from './users.js';
import { exitStatus, type ExitStatus, type Form, type Verb } from './verb.js';

interface Options {
  readonly dataDir?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly dryRun?: boolean;
}

const say = (line: string): void => { process.stderr.write(`${line}\n`); };
let status: ExitStatus = exitStatus.done;

function program(): Command {
  const admin = new Command('dice-admin').description('Looks after a DICE store whose server is stopped; a backup may be made while it runs.').exitOverride().showHelpAfterError();
  const verb = (name: string, says: string): Command => {
    return admin.command(name).description(says).option('--data-dir <path>', 'data directory (else DICE_DATA_DIR, else ./data)').option('--json', 'one JSON document on stdout');
  };
  verb('users', 'list the accounts and what they use').action((options: Options) => run(users, options));
  verb('report', 'physical figures of the store').option('--csv', 'the same as CSV').action((options: Options) => run(report, options));
  verb('check', 'read everything and say what is wrong').action((options: Options) => run(check, options));
  verb('scrub', 'read everything, put right what rotted and can be put right').option('--restart', 'begin anew, not where an earlier one stopped')
    .option('--bytes-per-second <n>', 'read no faster', wholeNumber).action((options: Options & ScrubOptions) => run((bench) => scrub(bench, options), options));
  verb('parity', 'make, check or remove the parity of packs, by which a scrub heals damaged ones').argument('<make|check|remove>')
    .option('--percent <n>', 'make so much of each pack (else DICE_PARITY_PERCENT, else 5); parity that is there stays', percentage)
    .action((what: string, options: Options & { readonly percent?: number }) => run((bench) => parity(bench, what, options.percent ?? readSettings(options).config.parityPercent), options));
  verb('gc', 'collect what nothing refers to, merge copies, compact packs').option('--dry-run', 'only list what would be done')
    .action((options: Options) => run(options.dryRun === true ? gcForecast : gc, options));
  verb('rebuild-index', 'make the database anew from the packs; one that cannot be read is kept aside').option('--anew', 'keep the database aside even where it can be read')
    .action((options: Options & { readonly anew?: boolean }) => run(rebuildIndex, options, { kind: 'rebuild', isAnew: options.anew === true }));
  verb('backup', 'make a point of a backup in a folder, best on another disk; the server may run meanwhile').argument('<folder>')
    .option('--keep <points>', 'forget all but the newest points').option('--verify', 'instead read all points and name what is damaged')
    .action((folder: string, options: Options & Omit<BackupOptions, 'folder'>) => runApart(options, (bench) => backup(bench, { ...options, folder }, readSettings(options))));
  verb('restore', 'make the data directory, empty or absent, from a backup').argument('<folder>').option('--at <point>', 'id of a point, or a time: the newest point until then (else the newest)')
    .action((folder: string, options: Options & { readonly at?: string }) => runApart(options, (bench) => restore(bench, { folder, at: options.at }, readSettings(options))));
  verb('release', 'allow collection again after a rebuild').option('--forget', 'although the packs hold images that the index does not know')
    .action((options: Options & ReleaseOptions) => run((bench) => release(bench, options), options));
  verb('migrate-storage', 'move the store to another index or block engine; where to, DICE_TO_DATABASE_URL and DICE_TO_S3_... say')
    .option('--to-index <engine>', 'sqlite or postgres').option('--to-blocks <engine>', 'packs or s3').option('--to-data-dir <path>', 'another data directory (else the same)')
    .option('--dry-run', 'only say what would be moved').action((options: Options & MigrateOptions) => runApart(options, (bench) => migrateStorage(bench, options, { ...readSettings(options), env: process.env })));
  return admin;
}

function wholeNumber(text: string): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (number > 0) return number;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

function percentage(text: string): number {
  const number = wholeNumber(text);
  if (number <= 100) return number;
  throw new InvalidArgumentError('It must be a whole number from 1 to 100.');
}

/** For verbs that open what they need themselves. */
async function runApart(options: Options, work: (bench: MoveBench) => Promise<ExitStatus>): Promise<void> {
  status = await work(benchOf(options));
}

async function run(verb: Verb, options: Options, purpose: Purpose = { kind: 'administer' }): Promise<void> {
  const { config, directory } = readSettings(options);
  const bench = benchOf(options);
  const store = await openStore({ directory, policy: policyOf(config), purpose, engines: config });
  try {
    status = await verb({ ...bench, store });
  } finally {
    await store.close();
  }
}

/** The first Ctrl-C, or SIGTERM, ends a verb in an orderly way; a second one ends the process. */
function benchOf(options: Options): MoveBench {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { stop.abort(); });
  return { form: formOf(options), print: (line) => { process.stdout.write(`${line}\n`); }, say, stop: stop.signal };
}

/** Who may reach a server does not matter here, so only the rest of the environment can be mistaken. */
function readSettings(options: Options): { readonly config: ReturnType<typeof readConfig>; readonly directory: string } {
  const config = readConfig({ ...process.env, HOST: undefined, PORT: undefined, DICE_SIGNUP: process.env['DICE_SIGNUP'] ?? 'closed' });
  return { config, directory: options.dataDir === undefined ? config.dataDirectory : path.resolve(options.dataDir) };
}

function formOf({ json, csv }: Options): Form {
  if (json === true) return 'json';
  return csv === true ? 'csv' : 'text';
}

function statusOf(error: unknown): ExitStatus {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.done : exitStatus.usage;
  if (error instanceof ConfigMistakes || error instanceof DataDirectoryError) return exitStatus.usage;
  return error instanceof CorruptionError ? exitStatus.damaged : exitStatus.failed;
}

process.umask(0o077);
try {
  await program().parseAsync();
} catch (error) {
  status = statusOf(error);
  if (error instanceof ConfigMistakes || error instanceof Refusal) say(error.message);
  else if (!(error instanceof CommanderError)) say(explain(error));
}
process.exitCode = status;
