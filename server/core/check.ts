/**
 * Reads everything and says what is wrong; writes nothing. Every record of every pack (authentication code), every row's
 * cipher (SHA-256 = T), check code and T1, every image's references and records, every account's record, the database's own structure.
 */
import { hexOf, isEqual } from '../../client-sdk/protocol/bytes.js';
import type { AccountId, ImageId, Rehash } from '../../client-sdk/protocol/ids.js';
import type { AccountRow } from '../ports/account-store.js';
import type { Damage, Place } from '../ports/block-store.js';
import type { TagRow } from '../ports/tag-store.js';
import type { Parts, Stop } from './contract.js';
import { readLedger, type Ledger } from './ledger.js';
import { markOf } from './image-record.js';
import { checkParity, type ParityFault } from './parity.js';
import { judgeAccount, judgeManifest, judgePreview, type ManifestHealth } from './record-health.js';
import { judgeRow } from './row-scrub.js';
import { sideBySide } from './side-by-side.js';
import { isSamePlace, readOrRotten } from './stored-block.js';

const pageRows = 1_000;
const maxReferrers = 100;
const checksAtOnce = 8;

/** An image that damage concerns. */
export interface ConcernedImage {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
}

/** One thing that is wrong. `images`: at most 100 of those that refer to the block. */
export type Finding =
  | { readonly kind: 'row-rotten' | 'block-unreadable' | 'block-quarantined' | 'copy-unreadable'; readonly rehash: string; readonly images: readonly ConcernedImage[] }
  | ({ readonly kind: 'references-broken'; readonly missing: number } & ConcernedImage)
  | ({ readonly kind: 'manifest-unreadable' | 'preview-unreadable' | 'image-row-rotten' } & ConcernedImage)
  | { readonly kind: 'account-unreadable' | 'account-row-rotten'; readonly accountId: AccountId }
  | { readonly kind: 'index-malformed'; readonly what: string };

/**
 * What was read. `damage`: stretches without an intact record; where a row names one, there is a finding too. `unknown`: accounts and images that the packs hold and the index does not: they
 * never came to be, for a crash came before their row, or the index lost them, and a rebuild brings them back. `parity`: what is wrong with parity of packs, of which nothing that is stored depends.
 */
export interface CheckAnswer {
  readonly packs: number;
  readonly records: number;
  readonly blocks: number;
  readonly images: number;
  readonly accounts: number;
  readonly findings: number;
  readonly damage: readonly Damage[];
  readonly unknown: readonly { readonly accountId: AccountId; readonly imageId?: ImageId }[];
  readonly parity: readonly ParityFault[];
}

/** What a check asks for. */
export interface CheckOrder {
  readonly onFinding: (finding: Finding) => void;
  readonly stop?: Stop;
}

interface Run {
  readonly parts: Pick<Parts, 'stores' | 'world' | 'gate'>;
  readonly stop: Stop | undefined;
  readonly report: (finding: Finding) => void;
}

/** Checks the whole store; the findings go to `onFinding` as they are made. Memory: a page of rows, and about 300 bytes for each image. */
export async function checkStore(parts: Pick<Parts, 'stores' | 'world' | 'gate'>, order: CheckOrder): Promise<CheckAnswer> {
  let findings = 0;
  const report = (finding: Finding) => {
    findings++;
    order.onFinding(finding);
  };
  const run: Run = { parts, stop: order.stop, report };
  for (const what of await parts.stores.state.findFaults()) report({ kind: 'index-malformed', what });
  const packs = await checkPacks(run);
  const blocks = await checkRows(run);
  const images = await checkImages(run);
  const accounts = await checkAccounts(run);
  return { ...packs, blocks, images, accounts, findings, parity: await checkParity(parts.stores, order.stop) };
}

async function checkPacks({ parts, stop }: Run): Promise<Pick<CheckAnswer, 'packs' | 'records' | 'damage' | 'unknown'>> {
  const { blocks } = parts.stores;
  const damage: Damage[] = [];
  const packs = await blocks.packs();
  let records = 0;
  const ledger = await readLedger({
    packs: () => Promise.resolve(packs),
    async *scan(pack, onDamage) {
      if (stop?.aborted === true) return;
      for await (const record of blocks.scan(pack, onDamage)) {
        records++;
        yield record;
      }
    },
  }, (stretch) => damage.push(stretch));
  return { packs: packs.length, records, damage, unknown: stop?.aborted === true ? [] : await unknownTo(parts, ledger) };
}

async function unknownTo({ stores, gate }: Run['parts'], { accounts, images }: Ledger): Promise<CheckAnswer['unknown']> {
  // What was being written when its record was read has its row by now.
  await gate.settle();
  const unknown: CheckAnswer['unknown'][number][] = [];
  for (const { accountId } of accounts) if ((await stores.accounts.find(accountId)) === undefined) unknown.push({ accountId });
  for (const { accountId, imageId } of images) if ((await stores.images.find(accountId, imageId)) === undefined) unknown.push({ accountId, imageId });
  return unknown;
}

async function checkRows(run: Run): Promise<number> {
  let blocks = 0;
  let after: Rehash | undefined;
  for (;;) {
    const rows = await run.parts.stores.tags.list(after, pageRows);
    blocks += await checkEach(run, rows, (row) => checkRow(run, row));
    after = rows.at(-1)?.rehash;
    if (rows.length < pageRows || after === undefined || run.stop?.aborted === true) return blocks;
  }
}

/** A few at once: the disk reads while the processor hashes. Answers how many were checked. */
async function checkEach<T>(run: Run, items: readonly T[], check: (item: T) => Promise<void>): Promise<number> {
  let checked = 0;
  const checking = sideBySide(items, checksAtOnce, async (item) => {
    if (run.stop?.aborted === true) return 0;
    await check(item);
    return 1;
  });
  for await (const one of checking) checked += one;
  return checked;
}

async function checkRow({ parts, report }: Run, row: TagRow): Promise<void> {
  const { tags, images } = parts.stores;
  const found = async (kind: Extract<Finding, { readonly rehash: string }>['kind']) => {
    report({ kind, rehash: hexOf(row.rehash), images: await images.referrers(row.rehash, maxReferrers) });
  };
  if (judgeRow((bytes) => parts.world.hasher.sha256(bytes), row).kind !== 'sound') return found('row-rotten');
  if (row.state === 'quarantined') return found('block-quarantined');
  if (!(await isSound(parts, row, row.place)) && !(await isSoundElsewhere(parts, row))) return found('block-unreadable');
  for (const copy of await tags.copiesOf(row.rehash)) {
    if (!(await isSound(parts, row, copy)) && (await isStillCopy(parts, row, copy))) await found('copy-unreadable');
  }
}

async function isSound(parts: Run['parts'], row: TagRow, place: Place): Promise<boolean> {
  const cipher = await readOrRotten(parts, place, 'block');
  return cipher !== undefined && isEqual(parts.world.hasher.sha256(cipher), row.tag);
}

/** The record was moved, or the row removed, since the row was listed. */
async function isSoundElsewhere(parts: Run['parts'], row: TagRow): Promise<boolean> {
  const again = await parts.stores.tags.find(row.rehash);
  return again === undefined || (!isSamePlace(again.place, row.place) && (await isSound(parts, row, again.place)));
}

async function isStillCopy(parts: Run['parts'], row: TagRow, copy: Place): Promise<boolean> {
  return (await parts.stores.tags.copiesOf(row.rehash)).some((place) => isSamePlace(place, copy));
}

async function checkImages(run: Run): Promise<number> {
  let images = 0;
  let after: ConcernedImage | undefined;
  for (;;) {
    const records = await run.parts.stores.images.listAll(after, pageRows);
    images += await checkEach(run, records, (image) => checkImage(run, image));
    after = records.at(-1);
    if (records.length < pageRows || after === undefined || run.stop?.aborted === true) return images;
  }
}

async function checkImage(run: Run, { accountId, imageId }: ConcernedImage): Promise<void> {
  const { parts, report } = run;
  const health = await judgeManifest(parts, { accountId, imageId });
  if (health.kind === 'gone') return;
  if (health.kind === 'unreadable') report({ kind: 'manifest-unreadable', accountId, imageId });
  else await checkManifest(run, { accountId, imageId }, health);
  const { preview } = health.row;
  const previewHealth = preview === undefined ? 'gone' : await judgePreview(parts, { accountId, imageId }, preview.place);
  if (previewHealth === 'unreadable') report({ kind: 'preview-unreadable', accountId, imageId });
}

async function checkManifest({ parts, report }: Run, { accountId, imageId }: ConcernedImage, { record, isRowRight }: Extract<ManifestHealth, { readonly kind: 'sound' }>): Promise<void> {
  const { images, tags } = parts.stores;
  if (!isRowRight) report({ kind: 'image-row-rotten', accountId, imageId });
  const rehashes = await images.referencesOf(accountId, imageId);
  const referred = new Set(rehashes.map((rehash) => hexOf(markOf((bytes) => parts.world.hasher.sha256(bytes), record.recordId, rehash))));
  const unreferred = record.marks.filter((mark) => !referred.has(hexOf(mark))).length;
  const rows = await tags.findAllOwned(accountId, rehashes);
  const missing = unreferred + rows.filter((found) => found === undefined).length;
  if (missing === 0 || (await images.find(accountId, imageId)) === undefined) return;
  report({ kind: 'references-broken', accountId, imageId, missing });
}

async function checkAccounts(run: Run): Promise<number> {
  let accounts = 0;
  let after: string | undefined;
  for (;;) {
    const rows = await run.parts.stores.accounts.list(after, pageRows);
    for (const row of rows) {
      if (run.stop?.aborted === true) return accounts;
      await checkAccount(run, row);
      accounts++;
    }
    after = rows.at(-1)?.username;
    if (rows.length < pageRows || after === undefined) return accounts;
  }
}

async function checkAccount({ parts, report }: Run, { accountId }: AccountRow): Promise<void> {
  const { kind } = await judgeAccount(parts, accountId);
  if (kind === 'unreadable') report({ kind: 'account-unreadable', accountId });
  if (kind === 'row-differs') report({ kind: 'account-row-rotten', accountId });
}
