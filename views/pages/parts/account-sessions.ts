/** Sessions and tokens of the account: listed, ended, made. Part of the account page. */
import type { PageClient } from '../../../client-sdk/browser/page-client.js';
import type { SessionCard } from '../../../client-sdk/protocol/messages.js';
import { button, byId, el, show } from './dom.js';
import { numberOf, onSubmit, required } from './form.js';
import { moment } from './format.js';
import { saveText } from './save.js';
import { attempt, toast } from './shell.js';

const kinds = { page: 'Browser', bearer: 'Program', token: 'Token' } as const;
let isOffered = false;

/** Lists the sessions; offers tokens once. */
export async function showSessions(client: PageClient): Promise<void> {
  const sessions = await client.call('sessions', undefined);
  byId('sessions', HTMLUListElement).replaceChildren(...sessions.map((session) => sessionRow(client, session)));
  if (isOffered) return;
  isOffered = true;
  offerTokens(client);
}

function sessionRow(client: PageClient, session: SessionCard): HTMLElement {
  const end = (): void => {
    attempt(async () => {
      await client.call('endSession', session.sessionId);
      toast('Ended.');
      await showSessions(client);
    });
  };
  const name = session.device ?? kinds[session.kind];
  return el('li', {},
    el('div', {},
      el('strong', {}, name), ' ',
      session.isCurrent ? el('span', { class: 'chip' }, 'this one') : undefined,
      el('div', { class: 'small quiet' }, `${kinds[session.kind]} · last used ${moment(session.lastUsedAt)} · ends ${moment(session.expiresAt)}`)),
    session.isCurrent ? undefined : button('End', end, 'slim'));
}

function offerTokens(client: PageClient): void {
  onSubmit({ form: 'token-form', button: 'token-submit', error: 'token-form-error' }, async () => {
    const device = required('token-device', 'what it is for');
    const { session } = await client.call('makeToken', { device: device.slice(0, 100), days: numberOf('token-days') });
    show(byId('token-made', HTMLElement), true);
    byId('token-save', HTMLButtonElement).onclick = () => { saveText(`${JSON.stringify(session, null, 2)}\n`, 'dice-session.json', 'application/json'); };
    await showSessions(client);
  });
}
