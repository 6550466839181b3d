/**
 * One comparison of the index with the tail of the packs: what it works with, how it reads, and what it counts. What follows from what is read stands in `reconcile.ts` and `tail-removals.ts`.
 */
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import type { BlockStore, ScannedRecord } from '../ports/block-store.js';
import type { Parts, Reconciled, Stop } from './contract.js';
import type { LedgerSource } from './ledger.js';
import { isBefore, packsBeyond, type PackEnds } from './tail.js';

/** What comparing needs. */
export type ReconcileParts = Pick<Parts, 'stores' | 'world' | 'gate' | 'meter'>;

/** Counted while it is done. */
export type Counts = { -readonly [Name in keyof Reconciled]: number };

/** What is done with one tail, which ends at `ends`. `packs`: those that are there. `known`: accounts that have a row. */
export interface Comparison {
  readonly parts: ReconcileParts;
  readonly stop: Stop | undefined;
  readonly tail: PackEnds;
  readonly ends: PackEnds;
  readonly packs: ReadonlySet<number>;
  readonly known: Set<AccountId>;
  readonly counts: Counts;
}

/** Nothing was brought back yet. */
export function noCounts(): Counts {
  return { accounts: 0, blocks: 0, images: 0, removals: 0, moved: 0, incomplete: 0 };
}

/** Anything was. */
export function isAny(counts: Reconciled): boolean {
  return Object.values(counts).some((count: number) => count > 0);
}

export function isStopped(stop: Stop | undefined): boolean {
  return stop?.aborted === true;
}

/** Which records are read on, and until when. */
interface Choice {
  readonly isWanted: (record: ScannedRecord) => boolean | Promise<boolean>;
  readonly stop: Stop | undefined;
}

/** The packs that have something behind `from`, and of their records those that are wanted. */
export async function recordsBehind(blocks: BlockStore, from: PackEnds, { isWanted, stop }: Choice): Promise<LedgerSource> {
  const packs = packsBeyond(from, await blocks.packs());
  return {
    packs: () => Promise.resolve(packs),
    async *scan(pack, onDamage) {
      if (isStopped(stop)) return;
      for await (const record of blocks.scan(pack, onDamage)) {
        if (isStopped(stop)) return;
        if (!isBefore(from, record.place) && (await isWanted(record))) yield record;
      }
    },
  };
}

export async function hasAccount({ parts, known }: Comparison, accountId: AccountId): Promise<boolean> {
  if (known.has(accountId)) return true;
  if ((await parts.stores.accounts.find(accountId)) === undefined) return false;
  known.add(accountId);
  return true;
}
