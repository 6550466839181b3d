/**
 * Routes of figures and of the operator, and the card of the server. SPEC.md section 12.
 */
import type { Request } from 'express';
import type { ServerCard } from '../../client-sdk/protocol/messages.js';
import type { RouteName } from '../../client-sdk/protocol/routes.js';
import type { Origin, Services } from '../core/contract.js';
import type { HandlersOf } from './call.js';
import type { Reach } from './hosts.js';
import { originOf } from './routing.js';

type ReportRoutes = Extract<RouteName, 'readServer' | 'readReport' | 'readOperatorReport' | 'listUsers' | 'collect'>;

/** What never changes while the server runs. */
export type FixedCard = Omit<ServerCard, 'hasAccounts' | 'needsSetupToken'>;

/** Handlers of figures. */
export function reportHandlers(services: Services, card: FixedCard): HandlersOf<ReportRoutes> {
  const { report, sweep } = services;
  return {
    readServer: async ({ origin }) => cardFor(services, card, origin),
    readReport: async ({ caller }) => report.account(caller.account.accountId),
    readOperatorReport: async () => report.operator(),
    listUsers: async ({ query }) => report.users(query.get('cursor')),
    collect: async () => sweep.sweep({ isThorough: true }),
  };
}

/** The card as a page request may see it. */
export function cardReader(services: Services, card: FixedCard, reach: Reach): (request: Request) => Promise<ServerCard> {
  return (request) => cardFor(services, card, originOf(request, reach));
}

async function cardFor({ accounts }: Services, card: FixedCard, origin: Origin): Promise<ServerCard> {
  const hasAccounts = await accounts.hasAccounts();
  return { ...card, hasAccounts, needsSetupToken: !hasAccounts && !origin.isTrustedLocal };
}
