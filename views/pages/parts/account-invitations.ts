/** Invitations of the account: listed, withdrawn, made. The link is shown once: its fragment holds the key. Part of the account page. */
import type { PageClient } from '../../../client-sdk/browser/page-client.js';
import type { InvitationCard } from '../../../client-sdk/protocol/messages.js';
import { copyFrom } from './copy.js';
import { button, byId, el, show } from './dom.js';
import { numberOf, onSubmit } from './form.js';
import { day } from './format.js';
import { attempt } from './shell.js';

let isOffered = false;

/** Lists the invitations; offers new ones once. */
export async function showInvitations(client: PageClient): Promise<void> {
  const invitations = await client.call('invitations', undefined);
  byId('invitations', HTMLUListElement).replaceChildren(...invitations.map((invitation) => invitationRow(client, invitation)));
  if (isOffered) return;
  isOffered = true;
  offerInvitations(client);
}

function invitationRow(client: PageClient, invitation: InvitationCard): HTMLElement {
  const isUsed = invitation.usedAt !== undefined;
  const end = (): void => {
    attempt(async () => {
      await client.call('endInvitation', invitation.invitationId);
      await showInvitations(client);
    });
  };
  const state = isUsed ? `used by ${invitation.usedBy ?? 'an account that is gone'}` : `open until ${day(invitation.expiresAt)}`;
  const withdraw = button('Withdraw', end, 'slim');
  withdraw.setAttribute('aria-label', `Withdraw the invitation of ${day(invitation.createdAt)}`);
  return el('li', {}, el('div', {}, `Made ${day(invitation.createdAt)}, ${state}`), isUsed ? undefined : withdraw);
}

function offerInvitations(client: PageClient): void {
  onSubmit({ form: 'invite-form', button: 'invite-submit', error: 'invite-form-error' }, async () => {
    const { link } = await client.call('invite', { days: numberOf('invite-days') });
    const input = byId('invite-link', HTMLInputElement);
    input.value = link;
    const made = byId('invite-made', HTMLElement);
    show(made, true);
    made.focus();
    byId('invite-copy', HTMLButtonElement).onclick = () => { copyFrom(input); };
    await showInvitations(client);
  });
}
