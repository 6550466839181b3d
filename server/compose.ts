/**
 * The composition root: opens the store, builds the services and the application over it, listens. Used by the process
 * and by tests alike. No rules of its own.
 */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import pino, { type Logger } from 'pino';
import type { Parts, Services } from './core/contract.js';
import { lastScrub } from './core/last-scrub.js';
import type { Config } from './config.js';
import type { DataDirectory } from './data-directory.js';
import { makeApp } from './http/app.js';
import { usualRoomBytes } from './http/body-room.js';
import { isLoopbackName } from './http/hosts.js';
import type { FixedCard } from './http/reports.js';
import { listen, type Listener, usualPerNetwork } from './listener.js';
import { type Metrics, openMetrics } from './metrics/metrics.js';
import type { StoreFigures } from './metrics/store-figures.js';
import { openStore, type OpenedStore } from './open-store.js';
import { policyOf } from './policy.js';
import { createReadiness, type Readiness } from './readiness.js';
import { recently } from './recently.js';
import { startParityMaker } from './parity-maker.js';
import type { FileLayer } from './storage/packs/file-layer.js';
import { startScrubber } from './scrubber.js';
import { startReconciler } from './reconciler.js';
import { startSweeper } from './sweeper.js';

/** A server that listens. */
export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly services: Services;
  readonly store: OpenedStore;
  /** Lines for the operator. */
  readonly greeting: readonly string[];
  /** Says that it is about to stop, finishes requests under way within a bound, stops the collector, closes the store. Repeatable. */
  close(): Promise<void>;
}

const drainMs = 20_000;
/** Counting what is open looks at each: a scrape may get it somewhat old. */
const figuresPatience = { holdMs: 15_000, withinMs: 2_000 };

/** Opens, composes and listens; `files` is the file system under the packs. Rejects with DataDirectoryError, StorageError, CorruptionError or the socket's error. */
export async function composeServer(config: Config, log: Logger = logTo(config), files?: FileLayer): Promise<RunningServer> {
  const purpose = { kind: 'serve', realm: realmOf(config), isSharedConfirmed: config.isSharedConfirmed } as const;
  const metrics = openMetrics();
  try {
    const store = await openStore({ directory: config.dataDirectory, policy: policyOf(config), purpose, engines: config, files, meter: metrics.meter });
    try {
      return await serve({ config, store, log, metrics, readiness: createReadiness(store.parts.stores, log) });
    } catch (error) {
      await store.close();
      throw error;
    }
  } catch (error) {
    metrics.close();
    throw error;
  }
}

async function serve(composed: Composed): Promise<RunningServer> {
  const { config, store, log, metrics, readiness } = composed;
  metrics.watchStore(recently(() => figuresOf(store.parts), figuresPatience));
  const app = makeApp(store.services, {
    log,
    publicUrl: config.publicUrl,
    trustProxy: config.trustProxy,
    rates: config.rates,
    card: cardOf(config, store.data),
    failing: () => readiness.failing(),
    metrics: { token: config.metricsToken, contentType: metrics.contentType, render: () => metrics.render() },
    meter: metrics.meter,
    roomBytes: config.bodyBytes ?? usualRoomBytes(memoryBytes()),
    hasNetworks: config.trustProxy !== undefined || !isLoopbackName(config.host),
  });
  return runningServer(composed, await listen(app, { host: config.host, port: config.port, maxPerNetwork: perNetworkOf(config) }));
}

/** Behind a proxy, and on loopback alone, all connections have one address. */
function perNetworkOf({ host, trustProxy }: Config): number | undefined {
  return trustProxy !== undefined || isLoopbackName(host) ? undefined : usualPerNetwork;
}

/** Of the machine, or of the container that bounds this process. */
function memoryBytes(): number {
  // Where nothing bounds it that is 0, or more than any machine has.
  return Math.min(totalmem(), process.constrainedMemory() || Infinity);
}

interface Composed {
  readonly config: Config;
  readonly store: OpenedStore;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
}

async function runningServer({ config, store, log, metrics, readiness }: Composed, listener: Listener): Promise<RunningServer> {
  const reconciler = startReconciler(store.services.reconcile, log);
  const sweeper = startSweeper(store.services.sweep, config.sweepIntervalMs, log);
  const scrubber = startScrubber(store.parts, { periodMs: config.scrubPeriodMs, bytesPerSecond: config.scrubBytesPerSecond }, log);
  const parityMaker = startParityMaker(store.parts, { percent: config.parityPercent, bytesPerSecond: config.scrubBytesPerSecond }, log);
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${listener.port}`;
  const close = async (): Promise<void> => {
    readiness.drain();
    const background = [reconciler.close(), scrubber.close(), parityMaker.close()];
    // Meanwhile everything is served as before: who asks whether this process is ready turns others away.
    if (config.drainMs > 0) await setTimeout(config.drainMs);
    await listener.drain(drainMs);
    await sweeper.close();
    await Promise.all(background);
    await store.close();
    metrics.close();
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

/** What a scrape tells of the store as a whole. */
async function figuresOf({ stores, world }: Parts): Promise<StoreFigures> {
  const { sessions, uploads } = await stores.state.countOpen(world.clock.now());
  const scrub = await lastScrub(stores.state);
  return {
    sessions,
    uploads,
    databaseBytes: await stores.state.databaseFileBytes(),
    isHeld: await stores.state.isHeld(),
    lastScrub: scrub && { at: scrub.endedAt / 1_000, seconds: scrub.tookMs / 1_000, runs: scrub.runs, blocks: scrub.blocks, repaired: scrub.repaired, lost: scrub.lost, beganAt: scrub.beganAt === undefined ? undefined : scrub.beganAt / 1_000 },
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
