/**
 * Lies that no client can notice yet, by name: an old state, or a part of the state left out, is as well sealed and signed as
 * the present one. And what the server says by its own word, which no seal covers. A lie that is told apart from now on must leave this list.
 */
import type { RouteName } from '../../client-sdk/protocol/routes.js';
import type { LieAbout } from './lying-network.js';

/** What a server can do to an account unnoticed. Each has a test of its own (known-open.test.ts). */
export const knownOpen = [
  'a removed image is served as one of the gallery',
  'an image of the gallery is served as one of the trash',
  'a purged image is served from an old answer',
  'images are listed in another order',
  'a preview is withheld',
] as const;

interface OpenLie {
  readonly route: RouteName;
  readonly at: RegExp;
  readonly kind: RegExp;
}

const card = (at: string): RegExp => new RegExp(`^(images\\.\\[\\]|card|records\\.\\[\\]\\.card)\\.(${at})$`);

/** The same, as they come up among all lies. */
const openLies: readonly OpenLie[] = [
  { route: 'listImages', at: card('trashedAt|createdAt|hasPreview'), kind: /./ },
  { route: 'readImage', at: card('trashedAt|hasPreview'), kind: /./ },
  { route: 'readImages', at: card('trashedAt|hasPreview'), kind: /./ },
  { route: 'commitImages', at: /status$/, kind: /./ },
];

/** By the server's own word: nobody else knows it. */
const ownWords: Readonly<Partial<Record<RouteName, RegExp>>> = {
  readServer: /^(serverId|version|existence|signup|defaultDomain|hasAccounts|needsSetupToken|maxImageBytes|trashDays)?$/,
  register: /^account(\.(email|isOperator|quotaBytes|createdAt))?$/,
  login: /^account(\.(email|isOperator|quotaBytes|createdAt))?$/,
  changeCredentials: /^account(\.(email|isOperator|quotaBytes|createdAt))?$/,
  readAccount: /^(email|isOperator|quotaBytes|createdAt|secondFactor(\.backupCodesLeft)?)?$/,
  beginSecondFactor: /^(link|picture)$/,
  confirmSecondFactor: /^backupCodes(\.\[\])?$/,
  readUsage: /./,
  readReport: /./,
  listSessions: /./,
  listInvitations: /./,
  readOperatorReport: /./,
  listUsers: /./,
  collect: /./,
  listImages: card('createdAt|trashedAt|hasPreview|blocks|manifestBytes'),
  readImage: card('createdAt|trashedAt|hasPreview|blocks|manifestBytes'),
  readImages: card('createdAt|trashedAt|hasPreview|blocks|manifestBytes'),
  fetchBlocks: /^$/,
};

export function isOpenLie({ route, lie }: LieAbout): boolean {
  return openLies.some((open) => open.route === route && open.at.test(lie.at) && open.kind.test(lie.kind));
}

export function isOwnWord({ route, lie }: LieAbout): boolean {
  return ownWords[route]?.test(lie.at) === true;
}
