/** The operator's page: physical figures of the store, accounts, and the collector. Never anything of what accounts hold. DESIGN.md section 7. */
import type { OperatorReport } from '../../client-sdk/protocol/messages.js';
import { barsChart, type ChartBar } from './parts/chart-bars.js';
import { stackedBar, type StackPart } from './parts/chart-stack.js';
import { byId, show } from './parts/dom.js';
import { setBusy } from './parts/form.js';
import { bytes, count, day, things } from './parts/format.js';
import { attempt, startApp, type AppPage } from './parts/shell.js';
import { figure, table, type Row } from './parts/table.js';

startApp(async (page) => {
  await showAll(page);
  const collect = byId('collect', HTMLButtonElement);
  collect.disabled = false;
  collect.addEventListener('click', () => { attempt(() => runCollector(page, collect)); });
});

async function runCollector(page: AppPage, press: HTMLButtonElement): Promise<void> {
  setBusy(press, true);
  const place = byId('phase', HTMLElement);
  place.className = '';
  place.textContent = 'The collector is running…';
  try {
    const done = await page.client.call('collect', undefined);
    place.className = 'note is-good';
    place.textContent = `Collected ${things(done.collectedBlocks, 'block')}, merged ${things(done.mergedCopies, 'copy', 'copies')}, compacted ${things(done.compactedPacks, 'pack')}: ${bytes(done.freedBytes)} freed. ${things(done.pendingBlocks, 'block')} wait for their grace to end.`;
    await showAll(page);
  } catch (thrown) {
    place.textContent = '';
    throw thrown;
  } finally {
    setBusy(press, false);
  }
}

async function showAll({ client }: AppPage): Promise<void> {
  const report = await client.call('operatorReport', undefined);
  show(byId('operator', HTMLElement), true);
  showDisk(report);
  showStore(report);
  const rows: Row[] = [];
  await client.stream({ name: 'users', argument: undefined }, (users) => {
    for (const user of users) {
      const quota = user.quotaBytes === undefined ? 'none' : bytes(user.quotaBytes);
      rows.push({ cells: [user.username + (user.isOperator ? ' (operator)' : ''), day(user.createdAt), count(user.images), bytes(user.usedBytes), quota] });
    }
  });
  byId('users', HTMLElement).replaceChildren(table(`${things(rows.length, 'account')}.`,
    [{ text: 'User name' }, { text: 'Since', isWide: true }, { text: 'Images', isNumber: true }, { text: 'Used', isNumber: true }, { text: 'Quota', isNumber: true, isWide: true }], rows));
}

function showDisk(report: OperatorReport): void {
  byId('highlights', HTMLElement).replaceChildren(
    figure(bytes(report.diskBytes), 'on disk'),
    figure(bytes(report.freeBytes), 'free'),
    figure(count(report.images), `images of ${things(report.accounts, 'account')}`),
    figure(count(report.blocks), 'different blocks'),
  );
  byId('disk-bars', HTMLElement).replaceChildren(diskBar(report), waitingBars(report));
  byId('disk', HTMLElement).replaceChildren(figures('Measured on the file system.', [
    ['Packs', report.packFileBytes], ['Database with its log', report.databaseFileBytes], ['Everything else', report.otherFileBytes],
  ], ['On disk', report.diskBytes]));
}

function diskBar(report: OperatorReport): HTMLElement {
  const part = (name: string, value: number, tone: string): StackPart => ({ name, value, text: bytes(value), tone });
  return stackedBar({
    id: 'disk-chart', title: 'Bytes on disk', description: `${bytes(report.diskBytes)}, measured on the file system.`,
    parts: [part('Packs', report.packFileBytes, 'stored'), part('Database with its log', report.databaseFileBytes, 'patched'), part('Everything else', report.otherFileBytes, 'flat')],
  });
}

/** What the collector will free, now or later, against what the packs take. */
function waitingBars(report: OperatorReport): HTMLElement {
  const bar = (name: string, value: number, tone: string): ChartBar => ({ name, value, text: bytes(value), tone });
  return barsChart({
    id: 'waiting-chart', title: 'Pending and reclaimable bytes', description: 'Bars on one scale with the packs.',
    bars: [
      bar('Packs', report.packFileBytes, 'stored'),
      bar('Pending: equal copies to be merged', report.pendingCopyBytes, 'new'),
      bar('Pending: blocks that nothing refers to', report.unreferencedCipherBytes, 'new'),
      bar('Reclaimable by compaction', report.reclaimableBytes, 'accent'),
    ],
  });
}

function showStore(report: OperatorReport): void {
  byId('store', HTMLElement).replaceChildren(figures('What the packs hold.', [
    ['Ciphers of different blocks', report.cipherBytes],
    ['of these, blocks that nothing refers to', report.unreferencedCipherBytes],
    ['Equal copies waiting to be merged', report.pendingCopyBytes],
    ['Manifests', report.manifestBytes],
    ['Previews', report.previewBytes],
    ['Other records', report.otherRecordBytes],
    ['Headers of records', report.recordOverheadBytes],
    ['Reclaimable by compaction', report.reclaimableBytes],
    ['Headers of packs', report.packHeaderBytes],
  ], ['Packs', report.packFileBytes]));
}

function figures(caption: string, rows: readonly (readonly [string, number])[], sum: readonly [string, number]): HTMLElement {
  const cells = ([name, value]: readonly [string, number]): readonly string[] => [name, bytes(value), count(value)];
  return table(caption, [{ text: 'What' }, { text: 'Size', isNumber: true }, { text: 'Bytes', isNumber: true }],
    [...rows.map((row) => ({ cells: cells(row) })), { cells: cells(sum), isSum: true }]);
}
