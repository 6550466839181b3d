/** Log in: the password stays in the worker, which proves it to the server without sending it. DESIGN.md section 4. */
import { byId, show } from './parts/dom.js';
import { onSubmit, passwordOf, required } from './parts/form.js';
import { enter, openClient, takeWhy } from './parts/shell.js';

const client = openClient();
const why = takeWhy();
if (why !== undefined) {
  const place = byId('why', HTMLElement);
  place.textContent = why;
  show(place, true);
}

onSubmit({ form: 'form', button: 'submit', error: 'form-error' }, async () => {
  const username = required('username', 'your user name');
  const password = passwordOf('password');
  const phase = byId('phase', HTMLElement);
  phase.textContent = 'Deriving your keys from the password…';
  try {
    await client.call('login', { username, password, device: deviceName() });
  } finally {
    phase.textContent = '';
  }
  await enter(client);
});

/** What the list of sessions shows for this browser. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const browser = ['Firefox', 'Edg', 'Chrome', 'Safari'].find((name) => agent.includes(name)) ?? 'Browser';
  return browser === 'Edg' ? 'Edge, page' : `${browser}, page`;
}
