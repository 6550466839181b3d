/**
 * Parity of packs as the rules see it: packs that lack any get it, and what is wrong with it is named. Healing is the scrub's (pack-healer.ts).
 */
import type { BlockStore } from '../ports/block-store.js';
import type { HealedPack, OnRead, PackParity, ParityFile } from '../ports/pack-parity.js';
import type { Parts, Stop } from './contract.js';

/** Where nobody named another share. */
export const usualParityPercent = 5;

/** Sealed packs, how many of them have parity, and the bytes of either. */
export interface ParityFigures {
  readonly packs: number;
  readonly withParity: number;
  readonly packBytes: number;
  readonly parityBytes: number;
}

/** What `makeParity` asks for. `percent`: share of each pack. */
export interface MakingOrder {
  readonly percent: number;
  readonly onRead: OnRead;
  readonly onMade?: (pack: number) => void;
  readonly stop?: Stop | undefined;
}

/** Something that is wrong with the parity of a pack, or with the pack by its parity. */
export interface ParityFault {
  readonly pack: number;
  readonly what: string;
}

/** Makes the parity of every sealed pack that has none, after what was left unfinished or has no pack any more is gone. Answers of how many. */
export async function makeParity({ stores: { blocks } }: Pick<Parts, 'stores'>, order: MakingOrder): Promise<number> {
  const { parity } = blocks;
  if (parity === undefined) return 0;
  await parity.tidy();
  let made = 0;
  for (const pack of await packsWithout(blocks, parity)) {
    if (order.stop?.aborted === true) break;
    if (!(await parity.make(pack, order))) continue;
    made++;
    order.onMade?.(pack);
  }
  return made;
}

/** How much parity there is. */
export async function parityFigures({ blocks }: Pick<Parts['stores'], 'blocks'>): Promise<ParityFigures> {
  const sealed = (await blocks.packs()).filter(({ isSealed, bytes }) => isSealed && bytes > 0);
  const files = (await blocks.parity?.list()) ?? [];
  const sum = (all: readonly { readonly bytes: number }[]): number => all.reduce((total, { bytes }) => total + bytes, 0);
  return { packs: sealed.length, withParity: files.filter(({ isOrphan }) => !isOrphan).length, packBytes: sum(sealed), parityBytes: sum(files) };
}

/** Heals what parity can heal of all packs. Answers what was put right. */
export async function healPacks({ parity }: BlockStore): Promise<readonly HealedPack[]> {
  const done: HealedPack[] = [];
  for (const { pack } of (await parity?.list()) ?? []) {
    const healed = await parity?.heal(pack, () => Promise.resolve());
    if (healed !== undefined) done.push(healed);
  }
  return done;
}

/** Reads all parity and the packs that it belongs to. */
export async function checkParity({ blocks }: Pick<Parts['stores'], 'blocks'>, stop?: Stop): Promise<readonly ParityFault[]> {
  const faults: ParityFault[] = [];
  for (const file of (await blocks.parity?.list()) ?? []) {
    if (stop?.aborted === true) break;
    const what = file.isOrphan ? 'parity of a pack that is not there' : await faultOf(blocks, file);
    if (what !== undefined) faults.push({ pack: file.pack, what });
  }
  return faults;
}

async function faultOf({ parity }: BlockStore, { pack }: ParityFile): Promise<string | undefined> {
  const health = await parity?.check(pack, () => Promise.resolve());
  if (health === undefined) return undefined;
  const lostBytes = health.lost.reduce((sum, { length }) => sum + length, 0);
  if (lostBytes > 0) return `${String(lostBytes)} bytes of the pack are not what they were, of which ${String(health.healable)} heal: dice-admin scrub`;
  return health.isParityWhole ? undefined : 'its parity is damaged: dice-admin scrub makes it anew';
}

async function packsWithout(blocks: BlockStore, parity: PackParity): Promise<readonly number[]> {
  const has = new Set((await parity.list()).map(({ pack }) => pack));
  return (await blocks.packs()).filter(({ pack, bytes, isSealed }) => isSealed && bytes > 0 && !has.has(pack)).map(({ pack }) => pack);
}
