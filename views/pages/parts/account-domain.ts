/** The dedup domain of new uploads, with the plain sentence of what each reveals. Part of the account page. */
import type { AccountSummary } from '../../../client-sdk/browser/page.js';
import { byId, el } from './dom.js';
import { onSubmit } from './form.js';
import { toast, type AppPage } from './shell.js';

type Domain = AccountSummary['domain'];

const sentences: Readonly<Record<Domain, readonly [string, string]>> = {
  personal: ['Only my own (personal)', 'The server sees which of your own blocks are equal, and nothing of what they show. Nobody else learns anything.'],
  group: ['My group’s', 'The server sees which blocks of the group’s members are equal, and cannot test guesses. The members share a secret: one who hands it to the server lets it test guesses.'],
  open: ['Everyone’s (open)', 'Saves the most. The server, or anyone with its disk, can test guesses: a picture or a small text that can be guessed can be recognised as yours.'],
};

/** Shows the choices of this account and saves the chosen one. */
export function showDomains({ client, account }: AppPage): void {
  byId('domains', HTMLElement).replaceChildren(...account.domains.map((domain) => choice(domain, domain === account.domain)));
  onSubmit({ form: 'domain-form', button: 'domain-submit', error: 'domain-form-error' }, async () => {
    const chosen = account.domains.find((domain) => byId(`domain-${domain}`, HTMLInputElement).checked);
    if (chosen === undefined) return;
    await client.call('changeDomain', chosen);
    toast('Saved: new uploads use it.');
  });
}

function choice(domain: Domain, isChosen: boolean): HTMLElement {
  const [title, text] = sentences[domain];
  return el('label', { class: 'choice' },
    el('input', { type: 'radio', name: 'domain', id: `domain-${domain}`, value: domain, checked: isChosen }),
    el('span', {}, el('b', {}, title), text));
}
