/**
 * restic with an encrypted repository behind its REST protocol, as `rclone serve restic` speaks it: of what Debian packages, the
 * way with the least overhead for restic (HTTP with several connections, no cipher of a transport). Compression stays at `auto`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { MeasuredRun } from '../measured-process.js';
import { folderBytes } from '../server-process.js';
import { openLink, type LinkEnd } from './link.js';
import { succeeded, versionOf, type PeerPlace, type PeerSession, type PeerTool } from './peer-tool.js';

const startTimeoutMs = 30_000;

export const resticTool: PeerTool = {
  name: 'restic',
  isPeer: true,
  programs: ['restic', 'rclone'],
  version: async () => `restic: ${await versionOf('restic', ['version'])}, compression auto, REST by ${await versionOf('rclone', ['version'])}; its server does not sync`,
  open: async (place) => {
    const repository = path.join(place.folder, 'repository');
    await mkdir(repository);
    const { child, port } = await startRclone(repository, place.folder);
    const session = new ResticSession(place, child, await openLink(place.link, { port, stop: () => ended(child) }));
    try {
      place.signal.throwIfAborted();
      await session.init();
      return session;
    } catch (cause) {
      await session.close();
      throw cause;
    }
  },
};

class ResticSession implements PeerSession {
  constructor(
    private readonly place: PeerPlace,
    private readonly server: ChildProcess,
    private readonly link: LinkEnd,
  ) {}

  get serverIds(): readonly number[] {
    return [this.server.pid ?? 0];
  }

  async init(): Promise<void> {
    await this.#restic(['init'], this.place.folder);
  }

  store(folder: string): Promise<MeasuredRun> {
    return this.#restic(['backup', '--', path.basename(folder)], path.dirname(folder));
  }

  restore(target: string): Promise<MeasuredRun> {
    return this.#restic(['restore', 'latest', '--target', '.'], target);
  }

  verify(): Promise<MeasuredRun> {
    return this.#restic(['check', '--read-data'], this.place.folder);
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }

  sentBytes(): Promise<number> {
    return this.link.sentBytes();
  }

  repositoryBytes(): Promise<number> {
    return folderBytes(path.join(this.place.folder, 'repository'));
  }

  async close(): Promise<void> {
    await this.link.close();
    await ended(this.server);
  }

  #restic(args: readonly string[], folder: string): Promise<MeasuredRun> {
    const own = this.place.folder;
    const environment = {
      ...ownEnvironment(own),
      RESTIC_REPOSITORY: `rest:http://127.0.0.1:${String(this.link.port)}/`,
      RESTIC_PASSWORD: 'seven swans over the weir',
      RESTIC_CACHE_DIR: path.join(own, 'cache'),
    };
    return succeeded({ command: 'restic', args, environment, folder, signal: this.place.signal });
  }
}

/** Ends it, where it still runs. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

/** Nothing of the caller's settings, and nothing left outside `folder`. */
function ownEnvironment(folder: string): Readonly<Record<string, string | undefined>> {
  return { PATH: process.env['PATH'], LANG: 'C.UTF-8', HOME: folder, TMPDIR: folder };
}

/** Waits until it says on which port it listens. */
async function startRclone(repository: string, folder: string): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = spawn('rclone', ['serve', 'restic', '--addr', '127.0.0.1:0', '-v', repository], { env: ownEnvironment(folder), stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    return { child, port: await portOf(child) };
  } catch (cause) {
    child.kill('SIGKILL');
    throw cause;
  }
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let log = '';
    const fail = (what: string): void => { reject(new Error(`rclone ${what}:\n${log}`)); };
    const timer = setTimeout(() => { fail('did not start in time'); }, startTimeoutMs);
    const onPiece = (piece: Buffer): void => {
      if (log.length > 100_000) return;
      log += piece.toString();
      const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(log)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(Number(found));
    };
    child.stdout?.on('data', onPiece);
    child.stderr?.on('data', onPiece);
    child.once('error', reject);
    child.once('exit', () => {
      clearTimeout(timer);
      fail('ended before it listened');
    });
  });
}
