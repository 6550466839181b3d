/**
 * The composition root: opens the store, builds the services and the application over it, listens. Used by the process
 * and by tests alike. No rules of its own.
 */
import { readFileSync } from 'node:fs';
import pino, { type Logger } from 'pino';
import type { Services } from './core/contract.js';
import type { Config } from './config.js';
import type { DataDirectory } from './data-directory.js';
import { makeApp } from './http/app.js';
import { isLoopbackName } from './http/hosts.js';
import type { FixedCard } from './http/reports.js';
import { listen, type Listener } from './listener.js';
import { openStore, type OpenedStore } from './open-store.js';
import { policyOf } from './policy.js';
import type { FileLayer } from './storage/packs/file-layer.js';
import { startSweeper } from './sweeper.js';

/** A server that listens. */
export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly services: Services;
  readonly store: OpenedStore;
  /** Lines for the operator. */
  readonly greeting: readonly string[];
  /** Finishes requests under way within a bound, stops the collector, closes the store. Repeatable. */
  close(): Promise<void>;
}

const drainMs = 20_000;

/** Opens, composes and listens; `files` is the file system under the packs. Rejects with DataDirectoryError, StorageError, CorruptionError or the socket's error. */
export async function composeServer(config: Config, log: Logger = logTo(config), files?: FileLayer): Promise<RunningServer> {
  const purpose = { kind: 'serve', realm: realmOf(config), isSharedConfirmed: config.isSharedConfirmed } as const;
  const store = await openStore({ directory: config.dataDirectory, policy: policyOf(config), purpose, engines: config, files });
  try {
    const app = makeApp(store.services, {
      log,
      publicUrl: config.publicUrl,
      trustProxy: config.trustProxy,
      rates: config.rates,
      card: cardOf(config, store.data),
    });
    return await runningServer({ config, store, log }, await listen(app, config));
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface Composed {
  readonly config: Config;
  readonly store: OpenedStore;
  readonly log: Logger;
}

async function runningServer({ config, store, log }: Composed, listener: Listener): Promise<RunningServer> {
  const sweeper = startSweeper(store.services.sweep, config.sweepIntervalMs, log);
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${listener.port}`;
  const close = async (): Promise<void> => {
    await listener.drain(drainMs);
    await sweeper.close();
    await store.close();
  };
  let closing: Promise<void> | undefined;
  return {
    url,
    port: listener.port,
    services: store.services,
    store,
    greeting: await greetingOf(config, store, url),
    close: () => (closing ??= close()),
  };
}

async function greetingOf(config: Config, store: OpenedStore, url: string): Promise<readonly string[]> {
  const lines = [`DICE Store listens on ${url}`];
  const { data } = store;
  if (await store.parts.stores.state.isHeld()) {
    lines.push('The store is held (its database was rebuilt, or is not of the same moment as its packs): nothing is collected until `dice-admin release` has checked it.');
  }
  if (realmOf(config) !== data.realm) lines.push(`The store was made for ${data.realm}: clients that dial ${realmOf(config)} will ask before they go on.`);
  if (!(await store.services.accounts.hasAccounts())) {
    lines.push(`No account yet: the first one becomes the operator's. From elsewhere than this machine it needs the token in ${data.directory}/setup-token.`);
  }
  return lines;
}

function cardOf(config: Config, data: DataDirectory): FixedCard {
  return {
    serverId: data.serverId,
    realm: data.realm,
    version: version(),
    protocol: 1,
    existence: config.existence,
    signup: config.signup,
    defaultDomain: config.defaultDomain,
    maxImageBytes: config.maxImageBytes,
    trashDays: config.trashDays,
  };
}

/** Public host name that passwords are bound to. */
function realmOf(config: Config): string {
  const name = config.publicUrl?.hostname ?? 'localhost';
  return isLoopbackName(name) ? 'localhost' : name;
}

function version(): string {
  // Compiled to dist/server; the manifest of the package lies two folders up.
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const found = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  return typeof found === 'string' ? found : '0.0.0';
}

function logTo(config: Config): Logger {
  return pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: false }));
}
