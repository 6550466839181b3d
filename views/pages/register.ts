/** Registration: an account, with or without an invitation; then the recovery words, shown and entered again. DESIGN.md section 4. */
import { byId, maybeById, show } from './parts/dom.js';
import { deviceName } from './parts/device.js';
import { emailOf, newPassword, onSubmit, readAll, required, sameAgain } from './parts/form.js';
import { helpPasswordFields, watchStrength } from './parts/password-fields.js';
import { enter, keepSession, openClient } from './parts/shell.js';
import { keepWords, markUnconfirmed } from './parts/words.js';

const client = openClient();
const invitation = location.hash.length > 1 ? location.href : undefined;

helpPasswordFields();
watchStrength(() => byId('username', HTMLInputElement).value);
if (invitation !== undefined) showInvitation();

onSubmit({
  form: 'form', button: 'submit', error: 'form-error',
  fields: { 'username-taken': 'username', 'username-invalid': 'username', 'password-weak': 'password', 'setup-token-required': 'setup' },
}, async () => {
  const { username, email, password, setup } = readAll({
    username: () => required('username', 'a user name'),
    email: () => emailOf('email'),
    password: () => newPassword(byId('username', HTMLInputElement).value),
    again: sameAgain,
    setup: setupToken,
  });
  const domain = invitation === undefined ? chosenDomain() : undefined;
  byId('phase', HTMLElement).textContent = 'Making your keys…';
  const { recoveryWords } = await registered({ username, email, password, domain, setupToken: setup, invitation, device: deviceName() });
  const accountId = client.account?.accountId ?? '';
  markUnconfirmed(accountId);
  await keepSession(client, false);
  show(byId('account-step', HTMLElement), false);
  keepWords(recoveryWords, accountId, goOn);
});

/** Only the first account's page asks for it. */
function setupToken(): string | undefined {
  return maybeById('setup', HTMLInputElement) === undefined ? undefined : required('setup', 'the setup token');
}

/** Who made the first account is told of the server before the gallery. */
async function goOn(): Promise<void> {
  const step = maybeById('server-step', HTMLElement);
  if (step === undefined || client.account?.isOperator !== true) {
    await enter(client);
    return;
  }
  show(byId('confirm-step', HTMLElement), false);
  show(step, true);
  step.focus();
  byId('server-done', HTMLButtonElement).onclick = () => { void enter(client); };
}

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
