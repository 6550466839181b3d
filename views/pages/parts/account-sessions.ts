/** Sessions and tokens of the account: listed, ended one by one or all others at once, made. Part of the account page. */
import type { PageClient } from '../../../client-sdk/browser/page-client.js';
import type { SessionCard } from '../../../client-sdk/protocol/messages.js';
import { copyFrom } from './copy.js';
import { button, byId, el, show } from './dom.js';
import { numberOf, onSubmit, readAll, required, setBusy } from './form.js';
import { moment, things } from './format.js';
import { saveText } from './save.js';
import { attempt, toast } from './shell.js';

const kinds = { page: 'Browser', bearer: 'Program', token: 'Token' } as const;
let isOffered = false;

/** Lists sessions and tokens; offers what can be done once. */
export async function showSessions(client: PageClient): Promise<void> {
  const cards = await client.call('sessions', undefined);
  const isToken = ({ kind }: SessionCard): boolean => kind === 'token';
  const rowsOf = (some: readonly SessionCard[]): readonly HTMLElement[] => some.map((card) => row(client, card));
  byId('sessions', HTMLUListElement).replaceChildren(...rowsOf(cards.filter((card) => !isToken(card)).sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent))));
  byId('tokens', HTMLUListElement).replaceChildren(...rowsOf(cards.filter(isToken)));
  show(byId('end-others', HTMLElement), cards.some((card) => !card.isCurrent && !isToken(card)));
  if (isOffered) return;
  isOffered = true;
  offerTokens(client);
  offerEndOfOthers(client);
}

function row(client: PageClient, card: SessionCard): HTMLElement {
  const name = card.device ?? kinds[card.kind];
  const end = button('End', () => {
    attempt(async () => {
      await client.call('endSession', card.sessionId);
      toast(`${name} is ended.`);
      await showSessions(client);
    });
  }, 'slim');
  end.setAttribute('aria-label', `End ${name}, last used ${moment(card.lastUsedAt)}`);
  return el('li', {},
    el('div', {},
      el('strong', {}, name), ' ',
      card.isCurrent ? el('span', { class: 'chip' }, 'this one') : undefined,
      el('div', { class: 'small quiet' }, `${kinds[card.kind]} · last used ${moment(card.lastUsedAt)} · ends ${moment(card.expiresAt)}`)),
    card.isCurrent ? undefined : end);
}

function offerEndOfOthers(client: PageClient): void {
  const press = byId('end-others', HTMLButtonElement);
  press.addEventListener('click', () => { attempt(() => endOthers(client, press)); });
}

async function endOthers(client: PageClient, press: HTMLButtonElement): Promise<void> {
  setBusy(press, true);
  try {
    const others = (await client.call('sessions', undefined)).filter((card) => !card.isCurrent && card.kind !== 'token');
    for (const { sessionId } of others) await client.call('endSession', sessionId);
    toast(`${things(others.length, 'session')} ended. Tokens stay.`);
    await showSessions(client);
  } finally {
    setBusy(press, false);
  }
}

function offerTokens(client: PageClient): void {
  onSubmit({ form: 'token-form', button: 'token-submit', error: 'token-form-error' }, async () => {
    const { device, days } = readAll({ device: () => required('token-device', 'what it is for'), days: () => numberOf('token-days') });
    const { session } = await client.call('makeToken', { device: device.slice(0, 100), days });
    const text = `${JSON.stringify(session, null, 2)}\n`;
    const made = byId('token-made', HTMLElement);
    const place = byId('token-text', HTMLTextAreaElement);
    place.value = text;
    show(made, true);
    made.focus();
    byId('token-copy', HTMLButtonElement).onclick = () => { copyFrom(place); };
    byId('token-save', HTMLButtonElement).onclick = () => { saveText(text, 'session.json', 'application/json'); };
    await showSessions(client);
  });
}
