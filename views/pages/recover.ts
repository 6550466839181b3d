/** Recovery: the words open the account and set a new password. DESIGN.md section 4. */
import { byId } from './parts/dom.js';
import { FieldError, newPassword, onSubmit, required, watchStrength } from './parts/form.js';
import { enter, openClient } from './parts/shell.js';

const client = openClient();
watchStrength();

onSubmit({
  form: 'form', button: 'submit', error: 'form-error',
  fields: { 'recovery-words-invalid': 'phrase', 'password-weak': 'password', 'username-invalid': 'username' },
}, async () => {
  const username = required('username', 'your user name');
  const recoveryWords = byId('phrase', HTMLTextAreaElement).value.trim().toLowerCase().split(/\s+/).join(' ');
  if (recoveryWords === '') throw new FieldError('phrase', 'Enter your 24 recovery words.');
  const password = newPassword();
  const phase = byId('phase', HTMLElement);
  phase.textContent = 'Opening your account…';
  try {
    await client.call('recover', { username, recoveryWords, newPassword: password, device: 'Browser' });
  } finally {
    phase.textContent = '';
  }
  await enter(client);
});
