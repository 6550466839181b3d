/**
 * The real server, composed in this process on a loopback port and a data directory of its own. Rate limits and the
 * periodic sweep are off unless asked for.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { composeServer, type RunningServer } from '../../server/compose.js';
import { readConfig, type Config } from '../../server/config.js';
import type { FileLayer } from '../../server/storage/packs/file-layer.js';

/** A running server of a test. */
export interface TestServer extends RunningServer {
  readonly dataDirectory: string;
  /** All log lines so far. */
  logText(): string;
  /** Closes the server and keeps its data. */
  stop(): Promise<void>;
  /** Closes the server and removes its data, unless the directory was given. */
  close(): Promise<void>;
}

/**
 * Starts a server. `overrides` replace single settings; with `dataDirectory` the data is the caller's to remove. `files` is
 * the file system under its packs.
 */
export async function startServer(overrides: Partial<Config> = {}, files?: FileLayer): Promise<TestServer> {
  const dataDirectory = overrides.dataDirectory ?? (await mkdtemp(path.join(tmpdir(), 'dice-server-')));
  const quiet: Partial<Config> = { port: 0, sweepIntervalMs: 0, scrubPeriodMs: 0, logLevel: 'trace', rates: { strict: 0, general: 0 } };
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const config: Config = { ...readConfig({}), ...quiet, ...overrides, dataDirectory };
  const running = await composeServer(config, pino({ level: config.logLevel }, sink), files);
  return {
    ...running,
    dataDirectory,
    logText: () => lines.join(''),
    stop: () => running.close(),
    async close() {
      await running.close();
      if (overrides.dataDirectory === undefined) await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
