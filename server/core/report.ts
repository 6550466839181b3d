/**
 * Figures. An account's are functions of its own references alone; physical bytes are the operator's. Every row is
 * measured or counted, and the rows of the operator's report add up: those of `packRows` to packFileBytes, those of
 * `diskRows` to diskBytes.
 *
 * reclaimableBytes is what remains of the measured files: dead records, damaged stretches, and removal records (which
 * compaction keeps). otherRecordBytes: account records, and what manifest and preview records hold beside sealed bytes.
 */
import { base64Of, bytesOfBase64, textOf, utf8 } from '../../client-sdk/protocol/bytes.js';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import type { AccountReport, OperatorReport, Usage, UserCard } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { AccountRow } from '../ports/account-store.js';
import { StorageError } from '../ports/errors.js';
import type { Parts, ReportService } from './contract.js';
import { quotaOf, standing, usedBytesOf } from './quota.js';
import { usernamePattern } from './registration.js';
import type { LiveShare } from './sweep-plan.js';

/** The rows that add up to packFileBytes. */
export const packRows = [
  'packHeaderBytes', 'cipherBytes', 'pendingCopyBytes', 'manifestBytes', 'previewBytes', 'otherRecordBytes', 'recordOverheadBytes', 'reclaimableBytes',
] as const satisfies readonly (keyof OperatorReport)[];
/** The rows that add up to diskBytes, each measured. */
export const diskRows = ['packFileBytes', 'databaseFileBytes', 'otherFileBytes'] as const satisfies readonly (keyof OperatorReport)[];

const pageUsers = 200;
const measureTries = 5;

export function createReport(parts: Parts): ReportService {
  return {
    usage: (accountId) => usageOf(parts, accountId),
    async account(accountId): Promise<AccountReport> {
      return { usage: await usageOf(parts, accountId), days: await parts.stores.images.days(accountId) };
    },
    operator: () => operatorReport(parts),
    users: (cursor) => users(parts, cursor),
  };
}

async function usageOf(parts: Parts, accountId: AccountId): Promise<Usage> {
  const { usage, quotaBytes } = await standing(parts, accountId);
  const { records, ...figures } = usage;
  const recordBytes = records * parts.stores.blocks.recordOverheadBytes;
  return { ...figures, recordBytes, usedBytes: usedBytesOf(usage), ...(quotaBytes === undefined ? {} : { quotaBytes }) };
}

async function operatorReport(parts: Parts): Promise<OperatorReport> {
  for (let tries = 0; tries < measureTries; tries++) {
    const report = await measure(parts);
    // Rows are counted one after the other: what came or went in between can make a remainder negative.
    if (report.reclaimableBytes >= 0 && report.otherRecordBytes >= 0) return report;
  }
  throw new StorageError('the store changes too fast to be measured', { retryable: true });
}

async function measure(parts: Parts): Promise<OperatorReport> {
  const { stores } = parts;
  const live = await sumLive(parts);
  const { referencedCipherBytes, images, trashedImages, manifestBytes, previewBytes } = await stores.images.figures();
  const tags = await stores.tags.figures();
  const accounts = await stores.accounts.count();
  const { packFileBytes, packHeaderBytes, freeBytes } = await stores.blocks.usage();
  const databaseFileBytes = await stores.state.databaseFileBytes();
  const otherFileBytes = await parts.otherFileBytes();
  return {
    accounts, images, trashedImages, referencedCipherBytes,
    ...tags,
    manifestBytes, previewBytes,
    otherRecordBytes: live.payloadBytes - tags.cipherBytes - tags.pendingCopyBytes - manifestBytes - previewBytes,
    recordOverheadBytes: live.overheadBytes,
    reclaimableBytes: packFileBytes - packHeaderBytes - live.payloadBytes - live.overheadBytes,
    packHeaderBytes, packFileBytes, databaseFileBytes, otherFileBytes,
    diskBytes: packFileBytes + databaseFileBytes + otherFileBytes,
    freeBytes,
  };
}

/** Everything that a row names in any pack. */
async function sumLive({ stores }: Parts): Promise<{ readonly payloadBytes: number; readonly overheadBytes: number }> {
  const maps: readonly ReadonlyMap<number, LiveShare>[] = [await stores.tags.liveByPack(), await stores.images.liveByPack(), await stores.accounts.liveByPack()];
  const shares = maps.flatMap((map) => [...map.values()]);
  return {
    payloadBytes: shares.reduce((sum, share) => sum + share.payloadBytes, 0),
    overheadBytes: shares.reduce((sum, share) => sum + share.records, 0) * stores.blocks.recordOverheadBytes,
  };
}

async function users(parts: Parts, cursor: string | undefined): Promise<{ readonly users: readonly UserCard[]; readonly next?: string }> {
  const after = cursor === undefined ? undefined : textOf(bytesOfBase64(cursor.slice(0, 200)) ?? new Uint8Array());
  // A text that is no name may be one that an engine cannot even look for.
  if (cursor !== undefined && !usernamePattern.test(after ?? '')) throw new Refusal('request-invalid', 'The cursor is not one of a listing.');
  const rows = await parts.stores.accounts.list(after, pageUsers + 1);
  const shown: UserCard[] = [];
  for (const row of rows.slice(0, pageUsers)) shown.push(await userCardOf(parts, row));
  const last = shown.at(-1);
  return rows.length > pageUsers && last !== undefined ? { users: shown, next: base64Of(utf8(last.username)) } : { users: shown };
}

async function userCardOf(parts: Parts, account: AccountRow): Promise<UserCard> {
  const { accountId, username, isOperator, createdAt } = account;
  const usage = await parts.stores.images.usage(accountId);
  const quotaBytes = quotaOf(account, parts.policy);
  const card = { accountId, username, isOperator, createdAt, images: usage.images, usedBytes: usedBytesOf(usage) };
  return quotaBytes === undefined ? card : { ...card, quotaBytes };
}
