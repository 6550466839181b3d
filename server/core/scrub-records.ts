/**
 * Scrubs what lies in the packs beside blocks. A manifest or preview record has no second copy: what is damaged is named. A row that says something
 * else than its record is put right by it, for the record is authenticated; an account's damaged record is written anew from its row.
 */
import { idOf, type AccountId, type ImageId } from '../../client-sdk/protocol/ids.js';
import type { ImageRow } from '../ports/image-store.js';
import { accountRowAt } from './account-record.js';
import type { ConcernedImage } from './check.js';
import { decodeRemovalRecord } from './image-record.js';
import { CorruptionError, StorageError } from '../ports/errors.js';
import type { ParityHealth } from '../ports/pack-parity.js';
import { judgeAccount, judgeManifest, judgePreview, type ManifestHealth } from './record-health.js';
import { appendAccount } from './records.js';
import { usualParityPercent } from './parity.js';
import type { LostRecord, ScrubRun } from './scrub-run.js';
import { leadStray, soughtBy, type Sought } from './scrub-strays.js';
import { sideBySide } from './side-by-side.js';

const pageRows = 1_000;
const readsAtOnce = 8;
const idDigits = 32;

/** Images after the one that `from` names. False where it was stopped. */
export async function scrubImages(run: ScrubRun, from: string | undefined): Promise<boolean> {
  for (let after = imageNamed(from); ; ) {
    const records = await run.parts.stores.images.listAll(after, pageRows);
    const reading = sideBySide(records, readsAtOnce, async (image) => {
      if (run.isStopped) return undefined;
      return { image, bytes: await scrubImage(run, image) };
    });
    for await (const seen of reading) {
      if (seen === undefined) return false;
      await run.passed(seen.image.accountId + seen.image.imageId, seen.bytes);
    }
    after = records.at(-1);
    if (records.length < pageRows || after === undefined) return true;
    await run.save();
  }
}

/** Answers how many bytes were read. */
async function scrubImage(run: ScrubRun, image: ConcernedImage): Promise<number> {
  const health = await judgeManifest(run.parts, image);
  if (health.kind === 'gone') return 0;
  if (health.kind === 'unreadable' || !(health.isRowRight || (await amend(run, image, health)))) lose(run, 'manifest', image);
  else run.add('manifests');
  return health.row.manifestPlace.length + (await scrubPreview(run, image, health.row));
}

async function scrubPreview(run: ScrubRun, image: ConcernedImage, { preview }: ImageRow): Promise<number> {
  if (preview === undefined) return 0;
  const health = await judgePreview(run.parts, image, preview.place);
  if (health === 'unreadable') lose(run, 'preview', image);
  else if (health === 'sound') run.add('previews');
  return preview.place.length;
}

async function amend(run: ScrubRun, { accountId, imageId }: ConcernedImage, { record }: Extract<ManifestHealth, { readonly kind: 'sound' }>): Promise<boolean> {
  const { wrappedKey, entry, manifest } = record;
  const manifestHash = run.parts.world.hasher.sha256(manifest);
  if (!(await run.parts.stores.images.amend(accountId, imageId, { wrappedKey, entry, manifestHash }))) return false;
  run.add('repairedImages');
  return true;
}

function lose(run: ScrubRun, type: LostRecord['type'], { accountId, imageId }: { readonly accountId: AccountId; readonly imageId?: ImageId }): void {
  run.add('lostRecords');
  run.order.onLostRecord?.({ type, accountId, ...(imageId === undefined ? {} : { imageId }) });
}

/** Accounts after the user name `from`. False where it was stopped. */
export async function scrubAccounts(run: ScrubRun, from: string | undefined): Promise<boolean> {
  for (let after = from; ; ) {
    const rows = await run.parts.stores.accounts.list(after, pageRows);
    for (const { accountId, username, place } of rows) {
      if (run.isStopped) return false;
      await scrubAccount(run, accountId);
      await run.passed(username, place.length);
    }
    after = rows.at(-1)?.username;
    if (rows.length < pageRows || after === undefined) return true;
    await run.save();
  }
}

/** Within the gate: the collector waits for a record whose row is still to come. */
function scrubAccount(run: ScrubRun, accountId: AccountId): Promise<void> {
  const { accounts } = run.parts.stores;
  return run.parts.gate.run(async () => {
    const health = await judgeAccount(run.parts, accountId);
    if (health.kind === 'gone') return;
    if (health.kind === 'row-differs') {
      const told = accountRowAt(health.recorded, health.row.place);
      if (await accounts.replace({ ...told, isOperator: health.row.isOperator }, health.row, false)) run.add('repairedAccounts');
    }
    if (health.kind === 'unreadable') {
      const { row } = await appendAccount(run.parts, health.row);
      if (await accounts.move(accountId, health.row.place, row.place)) run.add('repairedAccounts');
    }
    run.add('accounts');
  });
}

/** Packs after the number `from`: every record is hashed, and what has no row is counted. False where it was stopped. */
export async function scrubPacks(run: ScrubRun, from: string | undefined): Promise<boolean> {
  const sought = await soughtBy(run);
  for (const { pack, bytes } of await run.parts.stores.blocks.packs()) {
    if (pack <= Number(from ?? 0)) continue;
    if (!(await scrubPack(run, pack, sought))) return false;
    run.add('packs');
    await run.passed(String(pack), 0);
    if (bytes > 0) await run.save();
  }
  return true;
}

/** What parity heals is healed first, so that nothing of it counts as damaged. */
async function scrubPack(run: ScrubRun, pack: number, sought: Sought): Promise<boolean> {
  const health = await run.parts.stores.blocks.parity?.check(pack, (bytes) => run.read(bytes));
  if (health !== undefined && health.healable > 0) await run.healer.heal(pack);
  let [removals, damagedStretches] = [0, 0];
  for await (const record of run.parts.stores.blocks.scan(pack, () => { damagedStretches++; })) {
    if (run.isStopped) return false;
    if (record.type === 'removal') removals += isRemoval(record.payload) ? 1 : 0;
    if (sought.has(record.type)) await leadStray(run, record);
    await run.read(record.payload.length);
  }
  run.add('removals', removals);
  run.add('damagedStretches', damagedStretches);
  if (health !== undefined) await mendParity(run, { pack, health, isPackWhole: damagedStretches === 0 });
  return true;
}

/** Parity that is damaged, or disagrees with a pack in which every record is intact, is made anew. What says of a damaged pack what it was is kept. */
async function mendParity(run: ScrubRun, { pack, health, isPackWhole }: { readonly pack: number; readonly health: ParityHealth; readonly isPackWhole: boolean }): Promise<void> {
  const { parity } = run.parts.stores.blocks;
  const onRead = (bytes: number): Promise<void> => run.read(bytes);
  const now = health.lost.length === 0 ? health : await parity?.check(pack, onRead);
  if (now === undefined || (now.lost.length === 0 ? now.isParityWhole : !isPackWhole)) return;
  try {
    if ((await parity?.make(pack, { percent: now.percent ?? usualParityPercent, onRead, stop: run.order.stop })) === true) run.add('remadeParity');
  } catch (error) {
    // Parity can wait for room on the disk; what it protects is whole.
    if (!(error instanceof StorageError) || error.options.isFull !== true) throw error;
  }
}

function isRemoval(payload: Uint8Array): boolean {
  try {
    decodeRemovalRecord(payload);
    return true;
  } catch (error) {
    if (error instanceof CorruptionError) return false;
    throw error;
  }
}

function imageNamed(name: string | undefined): ConcernedImage | undefined {
  const [accountId, imageId] = [idOf<AccountId>((name ?? '').slice(0, idDigits)), idOf<ImageId>((name ?? '').slice(idDigits))];
  return accountId === undefined || imageId === undefined ? undefined : { accountId, imageId };
}
