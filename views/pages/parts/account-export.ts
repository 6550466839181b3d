/** Everything that the account has, to take away: the list of its images as JSON. Part of the account page. */
import type { Image } from '../../../client-sdk/browser/page.js';
import { byId } from './dom.js';
import { setBusy } from './form.js';
import { things } from './format.js';
import { saveText } from './save.js';
import { attempt, type AppPage } from './shell.js';

/** Offers it. */
export function offerExport(page: AppPage): void {
  const press = byId('export-list', HTMLButtonElement);
  press.addEventListener('click', () => { attempt(() => saveList(page, press)); });
}

async function saveList({ client, account }: AppPage, press: HTMLButtonElement): Promise<void> {
  const phase = byId('export-phase', HTMLElement);
  setBusy(press, true);
  try {
    const images: Image[] = [];
    for (const trash of [false, true]) await client.stream({ name: 'list', argument: { trash } }, (items) => { images.push(...items); });
    saveText(`${JSON.stringify({ username: account.username, accountId: account.accountId, images: images.map(listed) }, null, 2)}\n`, `dice-${account.username}.json`, 'application/json');
    phase.textContent = `The list has ${things(images.length, 'image')}.`;
  } finally {
    setBusy(press, false);
  }
}

function listed({ id, name, size, type, fileHash, modifiedAt, createdAt, trashedAt, picture, splitter }: Image): object {
  return { id, name, size, type, sha256: fileHash, modifiedAt: timeText(modifiedAt), storedAt: timeText(createdAt), trashedAt: timeText(trashedAt), picture: picture ?? null, splitter };
}

function timeText(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
