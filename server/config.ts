/**
 * The only reader of the environment: every variable is optional, every mistake is reported at once and says
 * what to do. What both sides of the wire must agree on is not configuration: see client-sdk/protocol/limits.ts.
 */
import path from 'node:path';
import type { Infer } from '../client-sdk/protocol/schema.js';
import type { domainKind, existenceMode, signupMode } from '../client-sdk/protocol/messages.js';
import { bytesBlockBytes, maxBlocksPerImage, maxCommitBodyBytes } from '../client-sdk/protocol/limits.js';
import { isLoopbackName } from './http/hosts.js';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Requests that one address may make in a minute; 0 sets no bound. */
export interface RatesPerMinute {
  /** Login, recovery, registration, change of credentials, opening of invitations. */
  readonly strict: number;
  /** Everything else. */
  readonly general: number;
}

/** Where blocks lie, if not in packs. */
export interface BucketConfig {
  /** Undefined: the address that Amazon has for the region. */
  readonly endpoint: URL | undefined;
  readonly region: string;
  readonly bucket: string;
  /** Stands before the names of all objects. */
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** All that the operator decides, checked. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** Absolute path of the data directory. */
  readonly dataDirectory: string;
  /** A PostgreSQL database for the index, which is in SQLite without one. */
  readonly databaseUrl: string | undefined;
  /** Undefined: packs in the data directory. */
  readonly bucket: BucketConfig | undefined;
  readonly existence: Infer<typeof existenceMode>;
  /** The operator accepts that blocks stored under `own` can be probed once existence is `shared`. */
  readonly isSharedConfirmed: boolean;
  readonly defaultDomain: Infer<typeof domainKind>;
  readonly signup: Infer<typeof signupMode>;
  /** Hops, or addresses and networks, of proxies whose forwarding headers are believed. */
  readonly trustProxy: number | readonly string[] | undefined;
  readonly quotaBytes: number | undefined;
  readonly maxImageBytes: number;
  /** Origin that people use: scheme, host and port, no path. */
  readonly publicUrl: URL | undefined;
  readonly trashDays: number;
  readonly logLevel: (typeof logLevels)[number];
  /** A block is collected only when nothing has touched it for so long. */
  readonly graceMs: number;
  /** Between two sweeps; 0 sweeps only when asked. */
  readonly sweepIntervalMs: number;
  /** The whole store is read at least once in so long; 0: only when asked. */
  readonly scrubPeriodMs: number;
  /** At most so much is read for that. */
  readonly scrubBytesPerSecond: number;
  /** Parity beside each sealed pack, so much of it; 0: none is made. */
  readonly parityPercent: number;
  readonly rates: RatesPerMinute;
  /** Bytes of request bodies, and of answers on their way out, that the process holds at once; undefined: by the memory that it has. */
  readonly bodyBytes: number | undefined;
  /** Opens the metrics to who has it; without one they are this machine's. */
  readonly metricsToken: string | undefined;
  /** How long a stop is announced before connections are refused, so that a balancer turns away in time. */
  readonly drainMs: number;
}

/** All mistakes of an environment, one sentence each. */
export class ConfigMistakes extends Error {
  override readonly name = 'ConfigMistakes';

  constructor(readonly mistakes: readonly string[]) {
    super(mistakes.join('\n'));
  }
}

/** Variables of the client, which share the prefix and mean nothing here. */
const clientNames = new Set(['DICE_SERVER', 'DICE_USERNAME', 'DICE_PASSWORD', 'DICE_HOME']);
/** Where `dice-admin migrate-storage` moves to; a server passes over them. */
const destinationNames = new Set([
  'DICE_TO_DATABASE_URL', 'DICE_TO_S3_BUCKET', 'DICE_TO_S3_ENDPOINT', 'DICE_TO_S3_REGION', 'DICE_TO_S3_PREFIX', 'DICE_TO_S3_ACCESS_KEY_ID', 'DICE_TO_S3_SECRET_ACCESS_KEY',
]);
const names = new Set([
  'DICE_DATA_DIR', 'DICE_EXISTENCE', 'DICE_CONFIRM_SHARED', 'DICE_DEFAULT_DOMAIN', 'DICE_SIGNUP', 'DICE_TRUST_PROXY', 'DICE_QUOTA_BYTES',
  'DICE_MAX_IMAGE_BYTES', 'DICE_PUBLIC_URL', 'DICE_TRASH_DAYS', 'DICE_LOG_LEVEL', 'DICE_GRACE_MINUTES', 'DICE_SWEEP_MINUTES', 'DICE_SCRUB_DAYS',
  'DICE_SCRUB_BYTES_PER_SECOND', 'DICE_PARITY_PERCENT', 'DICE_METRICS_TOKEN', 'DICE_DRAIN_SECONDS', 'DICE_BODY_BYTES',
  'DICE_DATABASE_URL', 'DICE_S3_BUCKET', 'DICE_S3_ENDPOINT', 'DICE_S3_REGION', 'DICE_S3_PREFIX', 'DICE_S3_ACCESS_KEY_ID', 'DICE_S3_SECRET_ACCESS_KEY',
]);
const defaultGraceMinutes = 60;
const defaultSweepMinutes = 10;
const defaultScrubDays = 30;
/** About a fiftieth of what a core hashes, and 20 TB of packs in 30 days. */
const defaultScrubBytesPerSecond = 33_554_432;
/** An account has a quarter of it, as much as the largest commit has. */
const leastBodyBytes = 4 * maxCommitBodyBytes;
const dayMs = 86_400_000;
/** Against guessing over a network; a purely local server has no network to guess over. */
const publicRates: RatesPerMinute = { strict: 30, general: 6_000 };
const localRates: RatesPerMinute = { strict: 3_000, general: 600_000 };

/** The configuration in `env`. Throws ConfigMistakes with every mistake of it. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const reader = new Reader(env);
  reader.refuseStrangers();
  const host = reader.text('HOST') ?? '127.0.0.1';
  const publicUrl = reader.origin('DICE_PUBLIC_URL');
  const trustProxy = reader.proxies('DICE_TRUST_PROXY');
  const isLocal = isLoopbackName(host) && publicUrl === undefined && trustProxy === undefined;
  const config: Config = {
    host,
    publicUrl,
    trustProxy,
    port: reader.integer('PORT', 0, 65_535) ?? 3_000,
    dataDirectory: path.resolve(reader.text('DICE_DATA_DIR') ?? './data'),
    databaseUrl: reader.database('DICE_DATABASE_URL'),
    bucket: reader.bucket('DICE_S3_'),
    existence: reader.choice('DICE_EXISTENCE', ['own', 'shared']) ?? 'own',
    isSharedConfirmed: reader.choice('DICE_CONFIRM_SHARED', ['yes']) === 'yes',
    defaultDomain: reader.choice('DICE_DEFAULT_DOMAIN', ['open', 'personal']) ?? (isLocal ? 'open' : 'personal'),
    signup: reader.signup(isLocal),
    quotaBytes: reader.integer('DICE_QUOTA_BYTES', 1, Number.MAX_SAFE_INTEGER),
    maxImageBytes: reader.integer('DICE_MAX_IMAGE_BYTES', 1, Number.MAX_SAFE_INTEGER) ?? maxBlocksPerImage * bytesBlockBytes,
    trashDays: reader.integer('DICE_TRASH_DAYS', 0, 3_650) ?? 30,
    logLevel: reader.choice('DICE_LOG_LEVEL', logLevels) ?? 'info',
    graceMs: (reader.integer('DICE_GRACE_MINUTES', 0, 525_600) ?? defaultGraceMinutes) * 60_000,
    sweepIntervalMs: (reader.integer('DICE_SWEEP_MINUTES', 0, 1_440) ?? defaultSweepMinutes) * 60_000,
    scrubPeriodMs: (reader.integer('DICE_SCRUB_DAYS', 0, 3_650) ?? defaultScrubDays) * dayMs,
    scrubBytesPerSecond: reader.integer('DICE_SCRUB_BYTES_PER_SECOND', 65_536, Number.MAX_SAFE_INTEGER) ?? defaultScrubBytesPerSecond,
    parityPercent: reader.parity('DICE_PARITY_PERCENT'),
    rates: isLocal ? localRates : publicRates,
    bodyBytes: reader.integer('DICE_BODY_BYTES', leastBodyBytes, Number.MAX_SAFE_INTEGER),
    metricsToken: reader.token('DICE_METRICS_TOKEN'),
    drainMs: (reader.integer('DICE_DRAIN_SECONDS', 0, 600) ?? 0) * 1_000,
  };
  if (reader.mistakes.length > 0) throw new ConfigMistakes(reader.mistakes);
  return config;
}

/** The engines that a store is moved to, as `env` names them. Throws ConfigMistakes with every mistake of it. */
export function readDestination(env: Readonly<Record<string, string | undefined>>): Pick<Config, 'databaseUrl' | 'bucket'> {
  const reader = new Reader(env);
  const destination = { databaseUrl: reader.database('DICE_TO_DATABASE_URL'), bucket: reader.bucket('DICE_TO_S3_') };
  if (reader.mistakes.length > 0) throw new ConfigMistakes(reader.mistakes);
  return destination;
}

class Reader {
  readonly mistakes: string[] = [];

  constructor(private readonly env: Readonly<Record<string, string | undefined>>) {}

  refuseStrangers(): void {
    for (const name of Object.keys(this.env).sort()) {
      if (!name.startsWith('DICE_') || names.has(name) || clientNames.has(name) || destinationNames.has(name) || this.text(name) === undefined) continue;
      this.mistakes.push(strangerSentence(name));
    }
  }

  /** The value, or undefined where it is absent or empty (compose files set empty values for unset ones). */
  text(name: string): string | undefined {
    const value = this.env[name]?.trim();
    return value === '' ? undefined : value;
  }

  integer(name: string, min: number, max: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,16}$/.test(value) ? Number(value) : NaN;
    if (Number.isSafeInteger(number) && number >= min && number <= max) return number;
    this.mistakes.push(`${name} must be a whole number from ${min} to ${max}, without unit.`);
    return undefined;
  }

  /** Files beside packs that are files. */
  parity(name: string): number {
    const percent = this.integer(name, 0, 100) ?? 0;
    if (percent > 0 && this.text('DICE_S3_BUCKET') !== undefined) {
      this.mistakes.push(`${name} is for packs in the data directory, and DICE_S3_BUCKET keeps them in an object store, which has to have redundancy of its own: leave one of the two out.`);
    }
    return percent;
  }

  choice<const Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) this.mistakes.push(`${name} must be ${choices.length === 1 ? '' : 'one of '}${choices.join(', ')}, or be left out.`);
    return choice;
  }

  signup(isLocal: boolean): Config['signup'] {
    const chosen = this.choice('DICE_SIGNUP', ['open', 'invite', 'closed']);
    if (chosen === undefined && !isLocal && this.text('DICE_SIGNUP') === undefined) {
      this.mistakes.push('DICE_SIGNUP must be named (open, invite or closed) because others than this machine can reach the server.');
    }
    return chosen ?? 'open';
  }

  origin(name: string, what = 'the address that people use, such as https://images.example.org'): URL | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search + url.hash + url.username + url.password === '';
    if (isOrigin) return url;
    this.mistakes.push(`${name} must be ${what}, without path, user or query.`);
    return undefined;
  }

  /** The value is never repeated: it may hold a password. */
  database(name: string): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url !== undefined && /^postgres(ql)?:$/.test(url.protocol) && url.pathname.length > 1) return value;
    this.mistakes.push(`${name} must be the address of a PostgreSQL database, such as postgres://dice:password@127.0.0.1:5432/dice.`);
    return undefined;
  }

  /** The value is never repeated. */
  token(name: string): string | undefined {
    const value = this.text(name);
    if (value === undefined || /^[\x21-\x7e]{24,256}$/.test(value)) return value;
    this.mistakes.push(`${name} must have 24 to 256 printable characters without spaces; make one with: openssl rand -hex 32`);
    return undefined;
  }

  bucket(prefix: 'DICE_S3_' | 'DICE_TO_S3_'): BucketConfig | undefined {
    const names = ['BUCKET', 'ENDPOINT', 'REGION', 'PREFIX', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'].map((name) => prefix + name);
    if (names.every((name) => this.text(name) === undefined)) return undefined;
    const folder = this.text(`${prefix}PREFIX`) ?? '';
    if (!/^([A-Za-z0-9_-][A-Za-z0-9._-]*\/)*$/.test(folder)) this.mistakes.push(`${prefix}PREFIX must be folder names that each end with a slash, such as dice/.`);
    return {
      prefix: folder,
      endpoint: this.origin(`${prefix}ENDPOINT`, 'the address of the object store, such as https://s3.example.org'),
      region: this.text(`${prefix}REGION`) ?? 'us-east-1',
      bucket: this.required(`${prefix}BUCKET`),
      accessKeyId: this.required(`${prefix}ACCESS_KEY_ID`),
      secretAccessKey: this.required(`${prefix}SECRET_ACCESS_KEY`),
    };
  }

  private required(name: string): string {
    const value = this.text(name);
    if (value === undefined) this.mistakes.push(`${name} is missing: blocks in an object store need it.`);
    return value ?? '';
  }

  proxies(name: string): Config['trustProxy'] {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (/^[1-9]$/.test(value)) return Number(value);
    const networks = value.split(',').map((network) => network.trim());
    if (networks.every((network) => /^(loopback|linklocal|uniquelocal|[0-9a-f.:]*[.:][0-9a-f.:]*(\/\d{1,3})?)$/.test(network))) return networks;
    this.mistakes.push(`${name} must be the number of proxies in front (1 to 9), or addresses and networks of them, separated by commas.`);
    return undefined;
  }
}

function strangerSentence(name: string): string {
  return `${name} is not a variable of this server. Known are PORT, HOST, ${[...names].join(', ')}.`;
}
