/**
 * Parity in a store: a scrub heals by it before it says that anything is lost, it goes with its pack, check and `dice-admin parity` know it, a server makes it in the
 * background, and a backup leaves it out.
 */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { parity as parityVerb } from '../../server/cli/parity.js';
import { scrub as scrubVerb } from '../../server/cli/scrub.js';
import type { Bench, ExitStatus, Form } from '../../server/cli/verb.js';
import { composeServer } from '../../server/compose.js';
import { readConfig } from '../../server/config.js';
import { checkStore, type CheckAnswer } from '../../server/core/check.js';
import { makeParity, parityFigures } from '../../server/core/parity.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { scrubStore, type ScrubAnswer } from '../../server/core/scrub.js';
import { createServices, defaultPolicy } from '../../server/core/services.js';
import { openStore } from '../../server/open-store.js';
import type { Place } from '../../server/ports/block-store.js';
import { StorageError } from '../../server/ports/errors.js';
import type { HealedPack } from '../../server/ports/pack-parity.js';
import { startParityMaker } from '../../server/parity-maker.js';
import { packPath } from '../../server/storage/packs/pack-folder.js';
import { backUp, checked, filesIn, opened, restoreTo } from '../support/backed-up.js';
import { blocksOf, CoreStore, hereAndTrusted, inFrontOf, registrationOf, sha256 } from '../support/core-store.js';
import { run } from '../support/dice-command.js';
import { memoryBlockStore, noPacks } from '../support/memory-block-store.js';
import { randomBytesOf } from '../support/parity-pack.js';
import type { RawBlock } from '../support/raw-account.js';

let store: CoreStore;

afterEach(async () => {
  await store.close();
});

const atOnce = (): Promise<void> => Promise.resolve();
const packsFolder = (): string => path.join(store.folder, 'packs');
const names = (): readonly string[] => readdirSync(packsFolder()).filter((name) => name !== 'mark').sort();
const fileOf = (pack: number, ending = 'dice'): string => packPath({ directory: packsFolder() }, pack).replace(/dice$/, ending);

function change(file: string, at: number, length: number): void {
  const bytes = readFileSync(file);
  for (let n = at; n < at + length; n++) bytes[n] = (bytes[n] ?? 0) ^ 0x55;
  writeFileSync(file, bytes);
}

async function placeOf(block: RawBlock | undefined): Promise<Place> {
  const row = block === undefined ? undefined : await store.parts.stores.tags.find(block.rehash);
  if (row === undefined) throw new Error('the block has no row');
  return row.place;
}

async function sealAndMake(percent = 20): Promise<number> {
  await store.parts.stores.blocks.seal();
  return makeParity(store.parts, { percent, onRead: atOnce });
}

async function scrubbed(): Promise<ScrubAnswer & { readonly told: readonly HealedPack[]; readonly named: number }> {
  const told: HealedPack[] = [];
  let named = 0;
  const answer = await scrubStore(store.parts, { onLost: () => { named++; }, onLostRecord: () => { named++; }, onHealed: (healed) => told.push(healed) });
  return { ...answer, told, named };
}

/** A log, and when it said of so many packs that their parity was made. */
function madeParity(count: number): { readonly heard: Promise<void>; readonly log: pino.Logger; readonly packs: readonly number[] } {
  const packs: number[] = [];
  let hear: () => void = () => undefined;
  const heard = new Promise<void>((resolve) => { hear = resolve; });
  const write = (line: string): void => {
    const { msg, pack } = JSON.parse(line) as { readonly msg: string; readonly pack: number }; // as it was written
    if (msg === 'parity made' && packs.push(pack) === count) hear();
  };
  return { heard, log: pino({ level: 'info' }, { write }), packs };
}

const checkedHere = (): Promise<CheckAnswer> => checkStore(store.parts, { onFinding: () => undefined });

describe('a scrub of a store with parity', () => {
  it('heals what nobody has another copy of, and tells of it; until then no wrong byte is served', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const blocks = blocksOf(12, 4_000);
    const imageId = await store.store(accountId, blocks);
    expect(await sealAndMake()).toBe(1);
    const image = await store.parts.stores.images.find(accountId, imageId);
    const [block, manifest] = [await placeOf(blocks[3]), image?.manifestPlace];
    change(fileOf(1), block.offset + 100, 5);
    change(fileOf(1), (manifest?.offset ?? 0) + 30, 1);
    // Somebody fetches it before the scrub: it is quarantined, as without parity.
    expect((await store.fetch(accountId, imageId, blocks)).map(({ kind }) => kind)).toEqual(blocks.map((_, n) => (n === 3 ? 'absent' : 'block')));
    await expect(store.services.images.read(accountId, imageId)).rejects.toThrow();
    expect((await checkedHere()).parity).toEqual([{ pack: 1, what: expect.stringMatching(/^(\d+) bytes of the pack .* \1 heal: dice-admin scrub$/) }]);
    const answer = await scrubbed();
    expect(answer).toMatchObject({ healedPacks: 1, revived: 1, lost: 0, lostRecords: 0, damagedStretches: 0, remadeParity: 0, named: 0 });
    const regions = answer.told.flatMap(({ pack, healed }) => healed.map((stretch) => ({ pack, ...stretch })));
    expect(regions.some(({ offset, length }) => block.offset + 100 >= offset && block.offset + 100 < offset + length)).toBe(true);
    expect(await store.fetch(accountId, imageId, blocks)).toMatchObject(blocks.map(({ cipher }) => ({ kind: 'block', cipher })));
    await store.services.images.read(accountId, imageId);
    expect(await checkedHere()).toMatchObject({ findings: 0, damage: [], parity: [] });
    expect(await scrubbed()).toMatchObject({ healedPacks: 0, remadeParity: 0, told: [] });
  });

  it('heals what has no row too: a removal record, and the header of a pack', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const imageId = await store.store(accountId, blocksOf(2));
    await store.services.images.trash(accountId, imageId);
    await store.services.images.purge(accountId, imageId);
    await sealAndMake();
    const whole = readFileSync(fileOf(1));
    change(fileOf(1), 20, 1);
    change(fileOf(1), whole.length - 1, 1);
    expect(await scrubbed()).toMatchObject({ healedPacks: 1, damagedStretches: 0, removals: 1 });
    expect(Buffer.compare(readFileSync(fileOf(1)), whole)).toBe(0);
  });

  it('names what parity cannot heal, as it does without any, and keeps the parity', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    await store.store(accountId, blocksOf(12, 4_000));
    await sealAndMake(5);
    const before = readFileSync(fileOf(1, 'parity'));
    change(fileOf(1), 2_000, 30_000);
    const answer = await scrubbed();
    expect(answer).toMatchObject({ healedPacks: 0, remadeParity: 0 });
    expect(answer.lost).toBeGreaterThan(5);
    expect(answer.named).toBe(answer.lost + answer.lostRecords);
    expect(Buffer.compare(readFileSync(fileOf(1, 'parity')), before)).toBe(0);
  });

  it('loses nothing where the index is lost too: a rebuild heals before it reads', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const blocks = blocksOf(12, 4_000);
    const imageId = await store.store(accountId, blocks);
    await sealAndMake();
    change(fileOf(1), 9_000, 3_000);
    const parts = store.beside();
    expect(await rebuildStore(parts)).toMatchObject({ images: 1, incomplete: [], damage: [], healed: [{ pack: 1 }] });
    await createServices(parts).images.read(accountId, imageId);
  });

  it('makes damaged parity anew, of the same share; where the disk is full, later', async () => {
    let isFull = true;
    store = await CoreStore.open({}, (stores) => {
      const { parity } = stores.blocks;
      if (parity === undefined) throw new Error('packs have parity');
      const full = inFrontOf(parity, { make: (pack, order) => (isFull ? Promise.reject(new StorageError('full', { retryable: true, isFull: true })) : parity.make(pack, order)) });
      return { ...stores, blocks: inFrontOf(stores.blocks, { parity: full }) };
    });
    await store.store((await store.register()).accountId, blocksOf(6, 4_000));
    isFull = false;
    await sealAndMake(34);
    isFull = true;
    const before = readFileSync(fileOf(1, 'parity'));
    change(fileOf(1, 'parity'), 500, 9_000);
    expect((await checkedHere()).parity).toEqual([{ pack: 1, what: 'its parity is damaged: dice-admin scrub makes it anew' }]);
    expect(await scrubbed()).toMatchObject({ remadeParity: 0, isComplete: true });
    isFull = false;
    expect(await scrubbed()).toMatchObject({ remadeParity: 1, healedPacks: 0, lost: 0 });
    expect(Buffer.compare(readFileSync(fileOf(1, 'parity')), before)).toBe(0);
    expect((await checkedHere()).parity).toEqual([]);
  });

  it('believes records rather than parity that was made of bytes read wrongly', async () => {
    store = await CoreStore.open();
    await store.store((await store.register()).accountId, blocksOf(6, 4_000));
    await store.parts.stores.blocks.seal();
    const whole = readFileSync(fileOf(1));
    change(fileOf(1), 9_000, 10);
    await sealAndMake();
    writeFileSync(fileOf(1), whole);
    expect(await scrubbed()).toMatchObject({ healedPacks: 0, remadeParity: 1, lost: 0, damagedStretches: 0 });
    expect(Buffer.compare(readFileSync(fileOf(1)), whole)).toBe(0);
    expect((await checkedHere()).parity).toEqual([]);
  });
});

describe('parity', () => {
  it('goes with its pack in a compaction, and an orphan is told and goes with the next making', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const gone = await store.store(accountId, blocksOf(8, 4_000));
    await sealAndMake();
    await store.services.images.trash(accountId, gone);
    store.now++;
    await store.services.sweep.sweep({ isThorough: true });
    expect(names().filter((name) => name.includes('0000000001'))).toEqual([]);
    await sealAndMake();
    expect((await checkedHere()).parity).toEqual([]);
    const [live] = names().filter((name) => name.endsWith('.parity'));
    renameSync(path.join(packsFolder(), live ?? ''), fileOf(77, 'parity'));
    expect((await checkedHere()).parity).toEqual([{ pack: 77, what: 'parity of a pack that is not there' }]);
    expect(await sealAndMake()).toBe(1);
    expect(names()).toContain(live);
    expect(names()).not.toContain('pack-0000000077.parity');
  });

  it('is made by a server in the background for packs that are there, not for the open one, and not twice', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    for (let image = 0; image < 2; image++) {
      await store.store(accountId, blocksOf(2));
      await store.parts.stores.blocks.seal();
    }
    await store.store(accountId, blocksOf(1));
    const { heard, log, packs } = madeParity(2);
    const maker = startParityMaker(store.parts, { percent: 5, bytesPerSecond: 2 ** 30, lookMs: 5 }, log);
    await heard;
    await maker.close();
    expect(packs).toEqual([1, 2]);
    expect(await parityFigures(store.parts.stores)).toMatchObject({ packs: 2, withParity: 2 });
    expect(names()).toEqual(['pack-0000000001.dice', 'pack-0000000001.parity', 'pack-0000000002.dice', 'pack-0000000002.parity', 'pack-0000000003.dice']);
    await startParityMaker(store.parts, { percent: 0, bytesPerSecond: 1, lookMs: 1 }, log).close();
  });

  it('whose making fails is said once, and stops at once with the server', async () => {
    let [calls, heard]: [number, () => void] = [0, () => undefined];
    const often = new Promise<void>((resolve) => { heard = resolve; });
    store = await CoreStore.open({}, (stores) => ({
      ...stores,
      blocks: inFrontOf(stores.blocks, { packs: () => {
        if (++calls > 6) heard();
        return Promise.reject(new StorageError('full', { retryable: true, isFull: true }));
      } }),
    }));
    const lines: string[] = [];
    const maker = startParityMaker(store.parts, { percent: 5, bytesPerSecond: 1, lookMs: 2 }, pino({ level: 'info' }, { write: (line: string) => { lines.push(line); } }));
    await often;
    await maker.close();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('making parity failed');
  });
});

describe('a data directory', () => {
  it('gets parity by the command; a backup of it has none, and has anew what was healed', async () => {
    store = await CoreStore.open();
    const directory = path.join(store.folder, 'data');
    for (const name of ['ada', 'bob']) {
      const made = await openStore({ directory, policy: defaultPolicy, purpose: { kind: 'serve', realm: 'localhost', isSharedConfirmed: false } });
      const payload = randomBytesOf(1, 400_000);
      await made.parts.stores.blocks.append([{ type: 'block', payload, digest: sha256(payload) }]);
      await made.services.accounts.register(registrationOf(name), hereAndTrusted);
      await made.close();
    }
    const { status, stdout } = await run('dice-admin', ['parity', 'make', '--percent', '10', '--json', '--data-dir', directory]);
    expect([status, JSON.parse(stdout)]).toMatchObject([0, { made: 2, packs: 2, withParity: 2 }]);
    const packs = path.join(directory, 'packs');
    expect(readdirSync(packs).sort()).toEqual(['mark', 'pack-0000000001.dice', 'pack-0000000001.parity', 'pack-0000000002.dice', 'pack-0000000002.parity']);
    expect(await checked(directory)).toMatchObject({ findings: 0, parity: [] });
    const [repository, restored] = [path.join(store.folder, 'backup'), path.join(store.folder, 'restored')];
    // In the middle, where a backup does not look again; told, healed, copied anew, and then had.
    const file = path.join(packs, 'pack-0000000001.dice');
    const whole = readFileSync(file);
    change(file, 200_000, 9);
    expect(await backUp(directory, repository)).toMatchObject({ copiedPacks: 2, damage: [{ pack: 1 }] });
    expect(await opened(directory, (one) => scrubStore(one.parts, { onLost: () => undefined }))).toMatchObject({ healedPacks: 1 });
    expect(await backUp(directory, repository)).toMatchObject({ copiedPacks: 1, damage: [] });
    expect(await backUp(directory, repository)).toMatchObject({ copiedPacks: 0, damage: [] });
    await restoreTo(repository, restored);
    expect(Buffer.compare(readFileSync(path.join(restored, 'packs', 'pack-0000000001.dice')), whole)).toBe(0);
    expect([...(await filesIn(repository)).keys(), ...(await filesIn(restored)).keys()].filter((name) => name.includes('parity'))).toEqual([]);
    expect(await checked(restored)).toMatchObject({ findings: 0, damage: [], parity: [] });
    const { heard, log } = madeParity(2);
    const server = await composeServer(readConfig({ PORT: '0', DICE_DATA_DIR: restored, DICE_PARITY_PERCENT: '5', DICE_SWEEP_MINUTES: '0', DICE_SCRUB_DAYS: '0' }), log);
    await heard;
    await server.close();
    expect(readdirSync(path.join(restored, 'packs')).filter((name) => name.endsWith('.parity'))).toHaveLength(2);
  });
});

describe('the operator', () => {
  const lines: string[] = [];
  const bench = (form: Form): Bench => {
    lines.length = 0;
    // The verbs use the parts of an opened store alone.
    return { store: { parts: store.parts } as Bench['store'], form, print: (line) => { lines.push(line); }, say: () => undefined, stop: new AbortController().signal };
  };
  const document = async (verb: (bench: Bench) => Promise<ExitStatus>): Promise<unknown> => {
    const status = await verb(bench('json'));
    return { status, ...(JSON.parse(lines.join('\n')) as object) }; // what was just printed
  };

  it('makes, checks and removes parity by hand, and a scrub names what it healed', async () => {
    store = await CoreStore.open();
    await store.store((await store.register()).accountId, blocksOf(6, 4_000));
    await store.parts.stores.blocks.seal();
    expect(await document((one) => parityVerb(one, 'make', 0))).toMatchObject({ status: 0, made: 1, packs: 1, withParity: 1 });
    expect(await document((one) => parityVerb(one, 'make', 50))).toMatchObject({ status: 0, made: 0 });
    expect(await document((one) => parityVerb(one, 'check', 0))).toMatchObject({ status: 0, faults: 0, list: [] });
    change(fileOf(1), 9_000, 3);
    expect(await document((one) => parityVerb(one, 'check', 0))).toMatchObject({ status: 4, faults: 1, list: [{ pack: 1 }] });
    expect(await scrubVerb(bench('text'), {})).toBe(0);
    expect(lines).toContain('healed by parity: pack 1, 4096 bytes at 8192');
    change(fileOf(1), 9_000, 3);
    expect(await document((one) => scrubVerb(one, {}))).toMatchObject({ status: 0, healedPacks: 1, healed: [{ pack: 1, offset: 8_192, length: 4_096 }] });
    expect(await document((one) => parityVerb(one, 'remove', 0))).toMatchObject({ status: 0, removed: 1, withParity: 0, parityBytes: 0 });
    expect(names()).toEqual(['pack-0000000001.dice']);
    expect(await parityVerb(bench('text'), 'bake', 0)).toBe(2);
  });

  it('is told that blocks in an object store have none', async () => {
    store = await CoreStore.open({}, (stores) => ({ ...stores, blocks: memoryBlockStore(noPacks()) }));
    expect(await parityVerb(bench('text'), 'make', 5)).toBe(2);
    expect(await makeParity(store.parts, { percent: 5, onRead: atOnce })).toBe(0);
    expect((await checkedHere()).parity).toEqual([]);
  });
});
