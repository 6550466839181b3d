/** Invitations of the account: listed, withdrawn, made. The link is shown once: its fragment holds the key. Part of the account page. */
import type { PageClient } from '../../../client-sdk/browser/page-client.js';
import type { InvitationCard } from '../../../client-sdk/protocol/messages.js';
import { button, byId, el, show } from './dom.js';
import { numberOf, onSubmit } from './form.js';
import { day } from './format.js';
import { attempt, toast } from './shell.js';

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
  return el('li', {}, el('div', {}, `Made ${day(invitation.createdAt)}, ${state}`), isUsed ? undefined : button('Withdraw', end, 'slim'));
}

function offerInvitations(client: PageClient): void {
  onSubmit({ form: 'invite-form', button: 'invite-submit', error: 'invite-form-error' }, async () => {
    const { link } = await client.call('invite', { days: numberOf('invite-days') });
    const input = byId('invite-link', HTMLInputElement);
    input.value = link;
    show(byId('invite-made', HTMLElement), true);
    byId('invite-copy', HTMLButtonElement).onclick = () => { copy(input); };
    await showInvitations(client);
  });
}

/** Plain http gives a page no clipboard; the selected text can be copied by hand. */
function copy(input: HTMLInputElement): void {
  input.select();
  if (!isSecureContext) return;
  navigator.clipboard.writeText(input.value).then(() => { toast('Copied.'); }, () => undefined);
}
