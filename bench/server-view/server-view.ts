/**
 * All that a stolen data directory tells, as one document: `serverView`, and in words: `serverViewText`.
 */
import { textTable } from '../text-table.js';
import { type AccountView, accountViews } from './account-view.js';
import { commonToAccounts, type ImagesView, imagesView } from './image-view.js';
import { type RemainsView, remainsView } from './remains.js';
import { type SeenImage, seenImages } from './seen-store.js';
import type { StolenDisk } from './stolen-disk.js';

export interface ServerView {
  readonly realm: string;
  /** Names of the secrets that lie beside index and packs. */
  readonly secrets: readonly string[];
  readonly files: number;
  readonly accounts: readonly AccountView[];
  readonly images: readonly ImagesView[];
  /** Blocks that two accounts have in common, by the ids of the two. */
  readonly commonToAccounts: readonly { readonly accounts: readonly string[]; readonly blocks: number }[];
  readonly remains: RemainsView;
}

/** Looks at everything. */
export async function serverView(disk: StolenDisk): Promise<ServerView> {
  const secrets = await disk.secrets();
  const images = seenImages(disk);
  return {
    realm: /"realm": "([^"]*)"/.exec(secrets.get('dice-store.json') ?? '')?.[1] ?? 'unknown',
    secrets: [...secrets.keys()].filter((name) => name !== 'dice-store.json'),
    files: (await disk.files()).length,
    accounts: accountViews(disk),
    images: [...groupedByAccount(images)].map(([accountId, own]) => imagesView(accountId, own)),
    commonToAccounts: [...commonToAccounts(images)].map(([pair, blocks]) => ({ accounts: pair.split(' '), blocks })),
    remains: await remainsView(disk),
  };
}

/** In plain words, with units. */
export function serverViewText(view: ServerView): string {
  const names = new Map(view.accounts.map(({ accountId, username }) => [accountId, username] as const));
  const nameOf = (accountId: string): string => names.get(accountId) ?? accountId;
  return [
    `${String(view.files)} files; realm ${view.realm}. Secrets in clear: ${view.secrets.join(', ')}.`,
    'With store-key records of packs can be forged and found; salt-key tells which user names exist, which the index tells anyhow; setup-token makes the first account.',
    ...view.accounts.flatMap(accountText),
    ...view.images.flatMap((images) => imagesText(nameOf(images.accountId), images)),
    ...view.commonToAccounts.map(({ accounts, blocks }) => `${accounts.map(nameOf).join(' and ')} have ${String(blocks)} blocks in common: equal contents in \`open\` or in one group.`),
    ...remainsText(view.remains),
    'Logs are written to the standard output, not here: a line a request with time, method, route template, status, code, milliseconds and bytes of the connection; no account, id, tag or address.',
  ].join('\n');
}

function accountText(account: AccountView): readonly string[] {
  const { username, accountId, isOperator, createdAt, email, kdf, revision, keyringRevision, keyringBytes, sessions, invitationsMade, invited } = account;
  return [
    '',
    `Account ${username} (${accountId})${isOperator ? ', the operator' : ''}: made ${timeText(createdAt)}; address ${email ?? 'none'}; credentials changed ${String(revision)} times, keyring ${String(keyringRevision)} times (${String(keyringBytes)} bytes sealed).`,
    `  A password can be guessed at one scrypt each (N = 2^${String(kdf.log2n)}, r = ${String(kdf.r)}, p = ${String(kdf.p)}).`,
    ...sessions.map(sessionText),
    ...(invitationsMade === 0 ? [] : [`  Invitations: ${String(invitationsMade)} made${invited.length === 0 ? '' : `; came by them: ${invited.join(', ')}`}.`]),
  ];
}

function sessionText({ kind, device, createdAt, lastUsedAt, isKept, hasPageKey }: AccountView['sessions'][number]): string {
  const key = hasPageKey ? '; the page key lies here: with the browser’s own storage it opens the account' : '';
  return `  Session (${kind}${isKept ? ', kept' : ''}) of ${device ?? 'an unnamed device'}: begun ${timeText(createdAt)}, last used ${timeText(lastUsedAt)} (to 5 minutes)${key}.`;
}

function imagesText(name: string, view: ImagesView): readonly string[] {
  const { images, trashed, firstAt = 0, lastAt = 0, visits, hours, lengths, paddedBlocks, blocks, cipherBytes } = view;
  const rows = lengths.map(({ what, count, min, median, max, distinct, bits }) => [what, ...[count, min, median, max, distinct].map(String), bits.toFixed(1)]);
  const isPadded = paddedBlocks === blocks ? 'all have lengths of Padmé: the domain is `personal`' : `${String(blocks - paddedBlocks)} have lengths that Padmé never gives: they are not of \`personal\``;
  return [
    '',
    `Images of ${name}: ${String(images)}, ${String(trashed)} of them in the trash; committed from ${timeText(firstAt)} to ${timeText(lastAt)}, to the millisecond, in ${String(visits)} visits, in the hours ${hours.join(', ')} (UTC).`,
    textTable(['lengths (bytes)', '>things', '>least', '>median', '>most', '>distinct', '>bits'], rows),
    `${String(blocks)} distinct blocks of ${(cipherBytes / 1e6).toFixed(2)} MB: about the size of all files together. Of the blocks, ${isPadded}.`,
    `${String(view.uniqueLengths)} of ${String(images)} images have lengths of blocks that no other one here has.`,
    `Equality: ${String(view.commonBlocks)} blocks are of several images; ${String(view.joinedPairs)} pairs of images have blocks in common, in ${String(view.joinedGroups.length)} groups (of ${view.joinedGroups.slice(0, 8).join(', ') || 'none'} images): copies, or edited copies.`,
    `Most used: ${view.mostUsed.map(({ images: uses, bytes }) => `${String(bytes)} bytes in ${String(uses)} images`).join('; ')}.`,
    `Order: ${(100 * view.contiguity).toFixed(0)} % of neighbouring rows are of one image, so an upload lies together; lists of T1 in records are sorted by value, references by row.`,
  ];
}

function remainsText(remains: RemainsView): readonly string[] {
  const rows = remains.records.map(({ type, all, dead, deadBytes }) => [type, ...[all, dead, deadBytes].map(String)]);
  return [
    '',
    'What is left of what went:',
    textTable(['records of packs', '>all', '>no row names', '>bytes of these'], rows),
    `${String(remains.formerCredentials)} former proofs of passwords with the key wrapped under them; names of accounts that are gone: ${remains.formerNames.join(', ') || 'none'}.`,
    `${String(remains.removalTimes.length)} times of removals, restorations or closings; ${String(remains.tombstones)} ids of removed images, ${String(remains.closedAccounts)} of closed accounts; ${String(remains.receivedDays)} days of received bytes; ${String(remains.freePageBytes)} bytes of free pages of the database.`,
  ];
}

function groupedByAccount(images: readonly SeenImage[]): ReadonlyMap<string, readonly SeenImage[]> {
  const groups = new Map<string, SeenImage[]>();
  for (const image of images) {
    const group = groups.get(image.accountId) ?? [];
    groups.set(image.accountId, group);
    group.push(image);
  }
  return groups;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
