/**
 * The head store in memory: the promises of the port over plain Maps.
 */
import { compareBytes, hexOf } from '../../client-sdk/protocol/bytes.js';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import { idBytes } from '../../client-sdk/protocol/limits.js';
import type { HeadReplacement, HeadStore } from '../../server/ports/head-store.js';
import { type MemoryIndex, promised, type Sync } from './memory-index.js';

/** The head store over `index`. */
export function memoryHeadStore(index: Pick<MemoryIndex, 'heads' | 'closed'>): HeadStore {
  const store: Sync<HeadStore> = {
    find: (accountId) => index.heads.get(accountId)?.tree,
    list: (accountId, after, limit) => (index.heads.get(accountId)?.heads ?? []).filter(({ counter }) => counter > after).slice(0, limit),
    leaves(accountId, { from, to, limit }) {
      const ids = (leaf: Uint8Array): Uint8Array => leaf.subarray(0, idBytes);
      const all = [...(index.heads.get(accountId)?.leaves.values() ?? [])].sort(compareBytes);
      return all.filter((leaf) => compareBytes(ids(leaf), from) >= 0 && compareBytes(ids(leaf), to) <= 0).slice(0, limit);
    },
    replace: (accountId, replacement) => replace(index, accountId, replacement),
  };
  return promised<HeadStore>(store);
}

function replace(index: Pick<MemoryIndex, 'heads' | 'closed'>, accountId: AccountId, { tree, sealed, leaves, forgetTo }: HeadReplacement): boolean {
  const before = index.heads.get(accountId);
  if (index.closed.has(accountId) || (before?.tree.counter ?? 0) + 1 !== tree.counter) return false;
  const heads = [...(before?.heads ?? []), { counter: tree.counter, sealed }].filter(({ counter }) => counter > forgetTo);
  const changed = leaves.map((leaf) => [hexOf(leaf.subarray(0, idBytes)), leaf] as const);
  index.heads.set(accountId, { tree, heads, leaves: new Map([...(before?.leaves ?? []), ...changed]) });
  return true;
}
