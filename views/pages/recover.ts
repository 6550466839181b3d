/** Recovery: the words open the account and set a new password. DESIGN.md section 4. */
import { byId } from './parts/dom.js';
import { deviceName } from './parts/device.js';
import { newPassword, onSubmit, readAll, required, sameAgain } from './parts/form.js';
import { helpPasswordFields, watchStrength } from './parts/password-fields.js';
import { enter, openClient } from './parts/shell.js';
import { phraseOf } from './parts/words.js';

const client = openClient();
helpPasswordFields();
watchStrength(() => byId('username', HTMLInputElement).value);

onSubmit({
  form: 'form', button: 'submit', error: 'form-error',
  sentences: { 'credentials-wrong': 'The user name is wrong, or these are not the words of this account.' },
  fields: { 'recovery-words-invalid': 'phrase', 'credentials-wrong': 'phrase', 'password-weak': 'password', 'username-invalid': 'username' },
}, async () => {
  const { username, recoveryWords, password } = readAll({
    username: () => required('username', 'your user name'),
    recoveryWords: () => phraseOf('phrase'),
    password: () => newPassword(byId('username', HTMLInputElement).value),
    again: sameAgain,
  });
  const phase = byId('phase', HTMLElement);
  phase.textContent = 'Opening your account…';
  try {
    await client.call('recover', { username, recoveryWords, newPassword: password, device: deviceName() });
  } finally {
    phase.textContent = '';
  }
  await enter(client);
});
