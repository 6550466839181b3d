/**
 * This product as one of the compared tools: its server as a process of its own, with packs and syncs as it ships, and the
 * `dice` command with a profile of its own. Everything else is at its default.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MeasuredRun } from '../measured-process.js';
import { folderBytes, ServerProcess } from '../server-process.js';
import { openLink, type LinkEnd } from './link.js';
import { succeeded, type PeerPlace, type PeerSession, type PeerTool } from './peer-tool.js';

const client = fileURLToPath(new URL('../../dice/main.js', import.meta.url));
const manifest = new URL('../../../package.json', import.meta.url);
const serverEnvironment = { DICE_LOG_LEVEL: 'error' };

/** The `dice` command, with further options of `upload`. */
export function diceTool(name: string, uploadOptions: readonly string[]): PeerTool {
  return {
    name,
    isPeer: false,
    programs: [],
    version: async () => `${name}: dice ${await ownVersion()}${uploadOptions.map((option) => ` ${option}`).join('')}, Node ${process.version}; its server syncs before it answers`,
    open: (place) => DiceSession.open(place, uploadOptions),
  };
}

class DiceSession implements PeerSession {
  private constructor(
    private readonly place: PeerPlace,
    private readonly uploadOptions: readonly string[],
    private readonly own: { server: ServerProcess; readonly link: LinkEnd },
  ) {}

  static async open(place: PeerPlace, uploadOptions: readonly string[]): Promise<DiceSession> {
    const server = await ServerProcess.start({ dataDirectory: path.join(place.folder, 'data'), environment: serverEnvironment });
    const session = new DiceSession(place, uploadOptions, { server, link: await openLink(place.link, { port: server.port, stop: () => server.stop() }) });
    try {
      await session.#dice(['register', '--recovery-file', path.join(place.folder, 'words.txt')]);
      return session;
    } catch (cause) {
      await session.close();
      throw cause;
    }
  }

  get serverIds(): readonly number[] {
    return [this.own.server.pid];
  }

  store(folder: string): Promise<MeasuredRun> {
    return this.#dice(['upload', ...this.uploadOptions, folder]);
  }

  restore(target: string): Promise<MeasuredRun> {
    return this.#dice(['download', '--all', '-o', target]);
  }

  verify(): Promise<MeasuredRun> {
    return this.#dice(['verify']);
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }

  sentBytes(): Promise<number> {
    return this.own.link.sentBytes();
  }

  /** After a drained stop, so that the write-ahead log is not counted. */
  async repositoryBytes(): Promise<number> {
    const { port, dataDirectory } = this.own.server;
    await this.own.server.stop();
    const bytes = await folderBytes(dataDirectory);
    this.place.signal.throwIfAborted();
    this.own.server = await ServerProcess.start({ dataDirectory, port, environment: serverEnvironment });
    return bytes;
  }

  async close(): Promise<void> {
    await this.own.link.close();
    await this.own.server.stop();
  }

  #dice(args: readonly string[]): Promise<MeasuredRun> {
    const environment = {
      ...process.env,
      DICE_SERVER: `http://127.0.0.1:${String(this.own.link.port)}`,
      DICE_HOME: path.join(this.place.folder, 'profile'),
      DICE_USERNAME: 'bench',
      DICE_PASSWORD: 'seven swans over the weir',
    };
    return succeeded({ command: process.execPath, args: [client, ...args], environment, signal: this.place.signal });
  }
}

async function ownVersion(): Promise<string> {
  // The package's own manifest has a version.
  return (JSON.parse(await readFile(manifest, 'utf8')) as { readonly version: string }).version;
}
