/**
 * Everything that the account has, to take away: all images in one archive, and beside it the list of them as JSON, those in the
 * trash too. What a server that hides something shows still can be taken away all the same. Part of the account page.
 */
import { type Image, isHeadFault } from '../../../client-sdk/browser/page.js';
import type { Usage } from '../../../client-sdk/protocol/messages.js';
import { saveArchive, type ArchiveOutcome, type ArchiveProgress } from './archive.js';
import { byId, show } from './dom.js';
import { setBusy } from './form.js';
import { bytes, count, things } from './format.js';
import { messageOf } from './messages.js';
import { saveText } from './save.js';
import { attempt, type AppPage } from './shell.js';

/** Live regions that are told every image would never be silent. */
const sayEveryMs = 2_000;

/** Offers it. `usage` says about how large the archive will be. */
export function offerExport(page: AppPage, usage: Usage): void {
  const [all, list] = [byId('export-all', HTMLButtonElement), byId('export-list', HTMLButtonElement)];
  all.addEventListener('click', () => { attempt(() => busily(all, () => saveAll(page, usage))); });
  list.addEventListener('click', () => { attempt(() => busily(list, () => saveList(page))); });
}

async function busily(press: HTMLButtonElement, work: () => Promise<string>): Promise<void> {
  const phase = byId('export-phase', HTMLElement);
  phase.textContent = '';
  setBusy(press, true);
  try {
    phase.textContent = await work();
  } catch (thrown) {
    phase.textContent = '';
    throw thrown;
  } finally {
    setBusy(press, false);
  }
}

/** A browser asks where to save only inside a click, so the archive comes first. */
async function saveAll(page: AppPage, usage: Usage): Promise<string> {
  const controller = new AbortController();
  const cancel = byId('export-cancel', HTMLButtonElement);
  cancel.onclick = () => { controller.abort(); };
  show(cancel, true);
  try {
    const name = `dice-${page.account.username}.zip`;
    const outcome = await saveArchive({ client: page.client }, 'all', { name, bytes: usage.usedBytes, signal: controller.signal, onProgress: teller() });
    return outcome === undefined ? 'Nothing was saved.' : `${sentenceOf(outcome)} ${await saveList(page)}`;
  } finally {
    show(cancel, false);
  }
}

function teller(): (at: ArchiveProgress) => void {
  const phase = byId('export-phase', HTMLElement);
  let saidAt = 0;
  return (at) => {
    if (Date.now() - saidAt < sayEveryMs) return;
    saidAt = Date.now();
    phase.textContent = `${count(at.images)} of ${things(at.ofImages, 'image')}, ${bytes(at.bytes)} of ${bytes(at.ofBytes)}`;
  };
}

function sentenceOf({ images, archiveBytes, failed }: ArchiveOutcome): string {
  const saved = `The archive has ${things(images, 'image')} in ${bytes(archiveBytes)}, each bit for bit what was stored.`;
  return failed.length === 0 ? saved : `${saved} ${things(failed.length, 'image')} could not be put in; FAILED.txt inside names them.`;
}

async function saveList({ client, account }: AppPage): Promise<string> {
  const images: Image[] = [];
  let wrong = '';
  for (const trash of [false, true]) {
    try {
      await client.stream({ name: 'list', argument: { trash } }, (items) => { images.push(...items); });
    } catch (thrown) {
      if (!isHeadFault(thrown)) throw thrown;
      wrong = ` ${messageOf(thrown)}`;
    }
  }
  saveText(`${JSON.stringify({ username: account.username, accountId: account.accountId, images: images.map(listed) }, null, 2)}\n`, `dice-${account.username}.json`, 'application/json');
  return `The list has ${things(images.length, 'image')}.${wrong}`;
}

function listed({ id, name, size, type, fileHash, modifiedAt, createdAt, trashedAt, picture, splitter }: Image): object {
  return { id, name, size, type, sha256: fileHash, modifiedAt: timeText(modifiedAt), storedAt: timeText(createdAt), trashedAt: timeText(trashedAt), picture: picture ?? null, splitter };
}

function timeText(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
