/**
 * Invitations: the server learns the hash of a code and a sealed group secret, never the code before it is presented.
 * Registration uses one up; reading does not. SPEC.md section 12.
 */
import type { InvitationCard } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import type { InvitationRow } from '../ports/account-store.js';
import type { InvitationService, Parts } from './contract.js';

const dayMs = 24 * 3_600_000;

export function createInvitations(parts: Parts): InvitationService {
  const { accounts } = parts.stores;
  return {
    async invite(accountId, { invitationId, codeHash, sealedGroup, days }) {
      const now = parts.world.clock.now();
      const row = { invitationId, inviterId: accountId, codeHash, sealedGroup, createdAt: now, expiresAt: now + days * dayMs, usedAt: undefined, usedBy: undefined };
      const outcome = await accounts.invite(row, parts.policy.maxInvitations);
      if (outcome === 'too-many') throw new Refusal('too-many');
      if (outcome === 'id-taken') throw new Refusal('request-invalid', 'The invitation id or code was used before.');
      return cardOf(row, undefined);
    },
    async open(code) {
      const row = await accounts.findInvitation(parts.world.hasher.sha256(code), parts.world.clock.now());
      const inviter = row === undefined ? undefined : await accounts.find(row.inviterId);
      if (row === undefined || inviter === undefined) throw new Refusal('invitation-invalid');
      return { invitationId: row.invitationId, inviterId: row.inviterId, inviter: inviter.username, sealedGroup: row.sealedGroup, expiresAt: row.expiresAt };
    },
    async list(accountId) {
      const rows = await accounts.listInvitations(accountId);
      return Promise.all(rows.map(async (row) => cardOf(row, await nameOf(parts, row.usedBy))));
    },
    async end(accountId, invitationId) {
      if (!(await accounts.endInvitation(accountId, invitationId))) throw new Refusal('not-found');
    },
  };
}

async function nameOf(parts: Parts, accountId: AccountId | undefined): Promise<string | undefined> {
  return accountId === undefined ? undefined : (await parts.stores.accounts.find(accountId))?.username;
}

function cardOf(row: InvitationRow, usedBy: string | undefined): InvitationCard {
  const { invitationId, createdAt, expiresAt, usedAt } = row;
  return { invitationId, createdAt, expiresAt, ...(usedAt === undefined ? {} : { usedAt }), ...(usedBy === undefined ? {} : { usedBy }) };
}
