/**
 * borg with an encrypted repository (repokey) behind `borg serve`: a listener gives each connection's socket to a `borg serve` of
 * its own, and BORG_RSH is a script of two `cat`s on that connection. No cipher of a transport. Compression stays at lz4.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import path from 'node:path';
import type { MeasuredRun } from '../measured-process.js';
import { folderBytes } from '../server-process.js';
import { openLink, type LinkEnd } from './link.js';
import { succeeded, versionOf, type PeerPlace, type PeerSession, type PeerTool } from './peer-tool.js';

export const borgTool: PeerTool = {
  name: 'borg',
  isPeer: true,
  programs: ['borg', 'bash'],
  version: async () => `borg: ${await versionOf('borg', ['--version'])}, repokey, lz4, borg serve; it syncs when it commits`,
  open: async (place) => {
    const listener = new BorgListener(place.folder);
    const session = new BorgSession(place, listener, await openLink(place.link, { port: await listener.listening(), stop: () => listener.close() }));
    try {
      await session.init();
      return session;
    } catch (cause) {
      await session.close();
      throw cause;
    }
  },
};

class BorgSession implements PeerSession {
  /** Servers end with their connection: their time is among that of children. */
  readonly serverIds: readonly number[] = [];
  readonly #repository: string;
  readonly #transport: string;
  #archives = 0;

  constructor(
    private readonly place: PeerPlace,
    private readonly listener: BorgListener,
    private readonly link: LinkEnd,
  ) {
    this.#repository = path.join(place.folder, 'repository');
    this.#transport = path.join(place.folder, 'transport');
  }

  async init(): Promise<void> {
    await writeFile(this.#transport, transportScript(this.link.port), { mode: 0o700 });
    await this.#borg(['init', '--encryption=repokey', this.#url], this.place.folder);
    await this.settle();
  }

  store(folder: string): Promise<MeasuredRun> {
    this.#archives++;
    return this.#borg(['create', this.#archive, path.basename(folder)], path.dirname(folder));
  }

  restore(target: string): Promise<MeasuredRun> {
    return this.#borg(['extract', this.#archive], target);
  }

  verify(): Promise<MeasuredRun> {
    return this.#borg(['check', '--verify-data', this.#url], this.place.folder);
  }

  settle(): Promise<void> {
    return this.listener.idle();
  }

  sentBytes(): Promise<number> {
    return this.link.sentBytes();
  }

  repositoryBytes(): Promise<number> {
    return folderBytes(this.#repository);
  }

  async close(): Promise<void> {
    await this.link.close();
    await this.listener.close();
  }

  get #url(): string {
    return `ssh://peer${this.#repository}`;
  }

  get #archive(): string {
    return `${this.#url}::archive-${String(this.#archives)}`;
  }

  #borg(args: readonly string[], folder: string): Promise<MeasuredRun> {
    const environment = { ...environmentIn(this.place.folder), BORG_PASSPHRASE: 'seven swans over the weir', BORG_RSH: this.#transport };
    return succeeded({ command: 'borg', args, environment, folder, signal: this.place.signal });
  }
}

/** Accepts connections and lets `borg serve` speak on each. */
class BorgListener {
  readonly #server: Server;
  readonly #ends = new Map<ChildProcess, Promise<unknown>>();

  constructor(private readonly folder: string) {
    // The socket goes to the child as it is: this process reads nothing from it.
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => { this.#serve(socket); });
  }

  async listening(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    // A server that listens on a port has an address of this form.
    return (this.#server.address() as AddressInfo).port;
  }

  async idle(): Promise<void> {
    await Promise.all(this.#ends.values());
  }

  async close(): Promise<void> {
    for (const child of this.#ends.keys()) child.kill('SIGTERM');
    await this.idle();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    const child = spawn('borg', ['serve'], { env: environmentIn(this.folder), stdio: [socket, socket, 'ignore'] });
    socket.destroy();
    // Where it cannot be started, the client sees its connection end, and says so.
    const ended = once(child, 'exit').catch(() => undefined).finally(() => this.#ends.delete(child));
    this.#ends.set(child, ended);
  }
}

/** Nothing of the caller's settings, and nothing left outside `folder`. */
function environmentIn(folder: string): Readonly<Record<string, string | undefined>> {
  return { PATH: process.env['PATH'], LANG: 'C.UTF-8', HOME: folder, TMPDIR: folder, BORG_BASE_DIR: folder };
}

/** In place of ssh: ends when its stdin does. */
function transportScript(port: number): string {
  return `#!/usr/bin/env bash\nexec 3<>/dev/tcp/127.0.0.1/${String(port)} || exit 1\ncat <&3 &\ncat >&3\nkill $! 2>/dev/null\nexit 0\n`;
}
