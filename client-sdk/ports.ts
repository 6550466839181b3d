/**
 * What the SDK asks of a platform: cryptography, randomness, time, the network, and what differs between Node and
 * a browser page. client-sdk/node and client-sdk/browser each give one. No code but types. SPEC.md section 1.
 */
import type { CryptoProvider, RandomBytes } from './core/crypto.js';
import type { Source } from './core/image/splitter.js';
import type { Tasks } from './tasks.js';

/** SHA-256 of bytes that come in pieces. */
export interface RunningHash {
  update(bytes: Uint8Array): void;
  /** 32 bytes; ends it. */
  digest(): Uint8Array;
}

/** The part of fetch that the transport uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Whose fingerprints a cache holds. */
export interface CacheScope {
  readonly serverId: string;
  readonly accountId: string;
}

/**
 * A small persistent map from opaque keys of 16 or 32 bytes to opaque values. It knows nothing of what it keeps. Losing
 * an entry costs work, never correctness.
 */
export interface CacheStore {
  /** Values in the order of `keys`; undefined where there is none. */
  get(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>;
  put(entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]): Promise<void>;
  /** Puts them only where the first key has this value still; one step, whatever other processes do. Answers whether it had. */
  replace(before: Uint8Array | undefined, entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]): Promise<boolean>;
  /** Removes everything of this scope, files included. */
  erase(): Promise<void>;
  close(): Promise<void>;
}

/** One platform. */
export interface Platform {
  readonly crypto: CryptoProvider;
  readonly randomBytes: RandomBytes;
  readonly fetch: Fetch;
  /** How sessions are carried: pages use the cookie. */
  readonly carrier: 'cookie' | 'bearer';
  /** Milliseconds since the epoch. */
  now(): number;
  /** Waits; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
  newHash(): RunningHash;
  /** A small picture of `source`, at most `maxBytes`, or undefined where it is no picture that the platform knows. Never throws for strange bytes. */
  readonly makePreview?: (source: Source, maxBytes: number) => Promise<Uint8Array | undefined>;
  /** Where fingerprints are remembered between runs. */
  readonly openCache?: (scope: CacheScope) => Promise<CacheStore>;
  /** Threads for the work on bytes; without them it is done in the caller's. Closed with the platform. */
  readonly tasks?: Tasks;
  /** Frees what the platform holds. */
  readonly close?: () => Promise<void>;
}
