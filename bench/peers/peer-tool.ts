/**
 * What the bench asks of every tool that it compares: a fresh encrypted repository behind a link, and four commands, each a
 * process of its own. No figures; measured-step.ts takes those.
 */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { measureProcess, type MeasuredRun } from '../measured-process.js';
import type { LinkKind } from './link.js';

/** Where a repository is opened. */
export interface PeerPlace {
  /** A folder that is there, empty, the tool's own. */
  readonly folder: string;
  readonly link: LinkKind;
  readonly signal: AbortSignal;
}

/** A tool with its settings. */
export interface PeerTool {
  readonly name: string;
  /** The ones that the product is compared with. */
  readonly isPeer: boolean;
  /** Programs that it needs, as a shell looks them up. */
  readonly programs: readonly string[];
  /** Name and version of all that takes part, for people. */
  readonly version: () => Promise<string>;
  /** A fresh repository with its server running. Leaves nothing running where it rejects. */
  readonly open: (place: PeerPlace) => Promise<PeerSession>;
}

/** A repository in use. Commands run to their end and throw with the end of their words where they fail. */
export interface PeerSession {
  /** Processes that serve it and are not children of a command. */
  readonly serverIds: readonly number[];
  /** Stores the folder with this path, under its own name. */
  store(folder: string): Promise<MeasuredRun>;
  /** Restores what was stored last into `target`, a folder that is there and empty. */
  restore(target: string): Promise<MeasuredRun>;
  /** Reads and proves everything that is stored. */
  verify(): Promise<MeasuredRun>;
  /** Waits until servers that belong to one connection have ended. */
  settle(): Promise<void>;
  sentBytes(): Promise<number>;
  /** Files of the repository; a server may be stopped and started for it. */
  repositoryBytes(): Promise<number>;
  /** Ends every process of it. Repeatable. */
  close(): Promise<void>;
}

/** The run, where its status is 0. Throws with the end of its words. */
export async function succeeded(start: Parameters<typeof measureProcess>[0]): Promise<MeasuredRun> {
  const run = await measureProcess(start);
  if (run.status === 0) return run;
  throw new Error(`${path.basename(start.command)} ${start.args.join(' ')} ended with ${String(run.status)}:\n${(run.stderr + run.stdout).slice(-4_000)}`);
}

/** First line of what a program says of its version. */
export async function versionOf(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await succeeded({ command, args, environment: { PATH: process.env['PATH'], LANG: 'C.UTF-8' } });
  return stdout.split('\n')[0]?.trim() ?? '';
}

/** Throws with a sentence where a program that one of these tools needs is not installed. */
export async function refuseAbsent(tools: readonly PeerTool[]): Promise<void> {
  for (const { name, programs } of tools) {
    for (const program of programs) {
      if (await isInstalled(program)) continue;
      throw new Error(`${program} is not installed, and ${name} cannot be measured without it: install it, or leave ${name} out with --tool`);
    }
  }
}

async function isInstalled(program: string): Promise<boolean> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    if (folder !== '' && (await access(path.join(folder, program), constants.X_OK).then(() => true, () => false))) return true;
  }
  return false;
}
