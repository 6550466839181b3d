/** Registration: an account, with or without an invitation; then the recovery words, shown and entered again. DESIGN.md section 4. */
import { byId, maybeById, show } from './parts/dom.js';
import { emailOf, newPassword, onSubmit, required, watchStrength } from './parts/form.js';
import { enter, keepSession, openClient } from './parts/shell.js';
import { keepWords, markUnconfirmed } from './parts/words.js';

const client = openClient();
const invitation = location.hash.length > 1 ? location.href : undefined;

watchStrength();
if (invitation !== undefined) showInvitation();

onSubmit({
  form: 'form', button: 'submit', error: 'form-error',
  fields: { 'username-taken': 'username', 'username-invalid': 'username', 'password-weak': 'password', 'setup-token-required': 'setup' },
}, async () => {
  const username = required('username', 'a user name');
  const email = emailOf('email');
  const password = newPassword();
  const setup = maybeById('setup', HTMLInputElement);
  const setupToken = setup === undefined ? undefined : required('setup', 'the setup token');
  const domain = invitation === undefined ? chosenDomain() : undefined;
  byId('phase', HTMLElement).textContent = 'Making your keys…';
  const { recoveryWords } = await registered({ username, email, password, domain, setupToken, invitation, device: 'Browser' });
  const accountId = client.account?.accountId ?? '';
  markUnconfirmed(accountId);
  await keepSession(client);
  show(byId('account-step', HTMLElement), false);
  keepWords(recoveryWords, accountId, () => enter(client));
});

async function registered(request: Parameters<typeof client.call<'register'>>[1]): Promise<{ readonly recoveryWords: string }> {
  try {
    return await client.call('register', request);
  } finally {
    byId('phase', HTMLElement).textContent = '';
  }
}

function chosenDomain(): 'personal' | 'open' {
  return byId('domain-open', HTMLInputElement).checked ? 'open' : 'personal';
}

/** The inviter's group is the domain: there is nothing to choose. */
function showInvitation(): void {
  const place = byId('invited', HTMLElement);
  place.textContent = 'You were invited. Your account joins the inviter’s group: its members’ equal blocks are stored once, and the server cannot attack them by guessing.';
  show(place, true);
  show(byId('domains', HTMLElement), false);
  const needs = maybeById('needs-invitation', HTMLElement);
  if (needs !== undefined) show(needs, false);
}
