/** Log in: the password stays in the worker, which proves it to the server without sending it. DESIGN.md section 4. */
import { DiceError } from '../../client-sdk/browser/page.js';
import { byId, show } from './parts/dom.js';
import { deviceName } from './parts/device.js';
import { codeOf, onSubmit, passwordOf, readAll, required } from './parts/form.js';
import { mayKeep } from './parts/kept.js';
import { helpPasswordFields } from './parts/password-fields.js';
import { enter, openClient, takeWhy } from './parts/shell.js';

const client = openClient();
const why = takeWhy();
if (why !== undefined) {
  const place = byId('why', HTMLElement);
  place.textContent = why;
  show(place, true);
}

helpPasswordFields();
// Only where something can be kept sealed: a secure context.
show(byId('keep-field', HTMLElement), mayKeep());

// Another account may have none.
const codeField = byId('code-field', HTMLElement);
byId('username', HTMLElement).addEventListener('input', () => { show(codeField, false); });

onSubmit({ form: 'form', button: 'submit', error: 'form-error', fields: { 'username-invalid': 'username', 'second-factor-wrong': 'code' } }, async () => {
  const credentials = readAll({ username: () => required('username', 'your user name'), password: () => passwordOf('password', 'your password'), code: () => codeOf('code') });
  const isKept = mayKeep() && byId('keep', HTMLInputElement).checked;
  const phase = byId('phase', HTMLElement);
  phase.textContent = 'Deriving your keys from the password…';
  try {
    await client.call('login', { ...credentials, device: deviceName(), isKept });
  } catch (thrown) {
    if (!(thrown instanceof DiceError) || thrown.code !== 'second-factor-required') throw thrown;
    show(codeField, true);
    byId('code', HTMLElement).focus();
    return;
  } finally {
    phase.textContent = '';
  }
  await enter(client, isKept);
});
