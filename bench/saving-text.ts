/**
 * The result of the saving bench for people: tables for each folder, and one over all. Pure. Ratios are of logical bytes;
 * MB is 10^6 bytes; MB/s is logical MB by wall time of the whole command, and in brackets by processor time of the client.
 */
import type { BackupResult } from './backup-tools.js';
import type { GroupRow, UploadRow } from './file-groups.js';
import type { DiceFigures, FolderSaving, GrowthRow, SavingOptions } from './folder-saving.js';
import type { StoredPart } from './stored-parts.js';
import { megabytesText, ratioText, textTable } from './text-table.js';

/** Files that are named in a list. */
const maxNamed = 30;

/** Everything on one folder. */
export function folderText(saving: FolderSaving, options: SavingOptions): string {
  const { folder, dice, growth, others } = saving;
  const { files, logicalBytes } = dice.total;
  const sections = [
    `== ${folder}: ${String(files)} files, ${megabytesText(logicalBytes)} MB logical; ${optionsText(options)}`,
    toolsText(dice, others),
    'Sent by ending, in one upload of everything (the first file with a block sends it):',
    groupsText([...dice.extensions, dice.total]),
    ...(dice.variants === undefined ? [] : ['The same by variant:', groupsText([...dice.variants, dice.total])]),
    ...(growth === undefined ? [] : [growthNote, growthText(growth)]),
    untiledText(dice),
    'Of what the stored bytes consist (bytes):',
    partsText(dice),
    faultsText(saving),
  ];
  return sections.join('\n\n');
}

/** All folders, and their sum. */
export function summaryText(savings: readonly FolderSaving[]): string {
  const rows = savings.map(({ folder, dice }) => ({ folder, files: dice.total.files, logical: dice.total.logicalBytes, stored: dice.storedBytes, sent: dice.total.sentBytes }));
  const sum = (key: 'files' | 'logical' | 'stored' | 'sent'): number => rows.reduce((total, row) => total + row[key], 0);
  const lines = [...rows, { folder: 'total', files: sum('files'), logical: sum('logical'), stored: sum('stored'), sent: sum('sent') }];
  const cells = lines.map(({ folder, files, logical, stored, sent }) => {
    return [folder, String(files), ...[logical, stored, sent].map(megabytesText), ratioText(stored, logical), ratioText(sent, logical)];
  });
  return textTable(['folder', '>files', '>logical MB', '>stored MB', '>sent MB', '>stored/logical', '>sent/logical'], cells);
}

/** Every file that came back otherwise, and every tool that failed. */
export function faultsIn({ dice, others }: FolderSaving): readonly string[] {
  const faultsOf = (other: BackupResult): readonly string[] => {
    if (other.outcome === 'failed') return [`failed: ${other.message}`];
    return other.outcome === 'measured' ? other.figures.differences : [];
  };
  const named = [{ name: 'dice', faults: dice.differences }, ...others.map((other) => ({ name: other.name, faults: faultsOf(other) }))];
  return named.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`));
}

function optionsText({ domain, tilePixels, only }: SavingOptions): string {
  const tile = tilePixels === undefined ? 'default tile' : `tile ${String(tilePixels)}`;
  return `domain ${domain}, ${tile}${only === undefined ? '' : `, only ${only.join(' and ')}`}; no previews (stored bytes exclude them)`;
}

function toolsText(dice: DiceFigures, others: readonly BackupResult[]): string {
  const { logicalBytes, sentBytes } = dice.total;
  const speed = (seconds: number, cpuSeconds: number): string => `${(logicalBytes / 1e6 / seconds).toFixed(1)} (${cpuSeconds === 0 ? '-' : (logicalBytes / 1e6 / cpuSeconds).toFixed(1)})`;
  const stored = (bytes: number): readonly string[] => [megabytesText(bytes), ratioText(bytes, logicalBytes)];
  const rows = others.map((other) => {
    if (other.outcome !== 'measured') return [other.name, other.outcome];
    const { figures } = other;
    return [`${other.name}; ${versionText(figures.version)}`, ...stored(figures.storedBytes), '', '', speed(figures.storeSeconds, figures.storeCpuSeconds), speed(figures.restoreSeconds, figures.restoreCpuSeconds)];
  });
  const own = ['dice', ...stored(dice.storedBytes), ...stored(sentBytes), speed(dice.storeSeconds, dice.storeCpuSeconds), speed(dice.restoreSeconds, dice.restoreCpuSeconds)];
  return textTable(['tool', '>stored MB', '>stored/logical', '>sent MB', '>sent/logical', '>MB/s in (CPU)', '>MB/s out (CPU)'], [own, ...rows]);
}

/** Without the compiler that built the program. */
function versionText(version: string): string {
  return version.replace(/ compiled with .*$/, '');
}

function groupsText(groups: readonly GroupRow[]): string {
  const rows = groups.map(({ name, files, logicalBytes, sentBytes, tiledBytes, blocks, blocksSent }) => {
    const share = logicalBytes === 0 ? '-' : `${((100 * tiledBytes) / logicalBytes).toFixed(1)} %`;
    return [name, String(files), megabytesText(logicalBytes), megabytesText(sentBytes), ratioText(sentBytes, logicalBytes), `${String(blocksSent)} of ${String(blocks)}`, share];
  });
  return textTable(['files', '>count', '>logical MB', '>sent MB', '>sent/logical', '>blocks sent', '>by tiles'], rows);
}

function untiledText({ untiled }: DiceFigures): string {
  const sum = (value: (row: UploadRow) => number): string => megabytesText(untiled.reduce((total, row) => total + value(row), 0));
  const lines = untiled.slice(0, maxNamed).map(({ name, logicalBytes, sentBytes }) => `  ${name}: ${String(logicalBytes)} bytes, sent ${String(sentBytes)}`);
  const rest = untiled.length > maxNamed ? [`  and ${String(untiled.length - maxNamed)} more (all of them in the JSON)`] : [];
  const head = `Kept as plain bytes: ${String(untiled.length)} files, ${sum((row) => row.logicalBytes)} MB logical, ${sum((row) => row.sentBytes)} MB sent`;
  return [head, ...lines, ...rest].join('\n');
}

const growthNote = [
  'Stored by variant, from a second store: uploaded variant by variant in this order; after each the server was stopped, drained and measured.',
  'Every stop and start adds the header of a pack (56 bytes), and the database grows by whole pages, so the sum is not the total above:',
].join('\n');

function growthText(growth: readonly GrowthRow[]): string {
  const sum = (key: 'files' | 'logicalBytes' | 'storedBytes' | 'sentBytes'): number => growth.reduce((total, row) => total + row[key], 0);
  const total = { name: 'sum', files: sum('files'), logicalBytes: sum('logicalBytes'), storedBytes: sum('storedBytes'), sentBytes: sum('sentBytes') };
  const rows = [...growth, total].map(({ name, files, logicalBytes, storedBytes, sentBytes }) => {
    return [name, String(files), ...[logicalBytes, storedBytes, sentBytes].map(megabytesText), ratioText(storedBytes, logicalBytes), ratioText(sentBytes, logicalBytes)];
  });
  return textTable(['variant', '>count', '>logical MB', '>stored MB', '>sent MB', '>stored/logical', '>sent/logical'], rows);
}

function partsText({ parts, storedBytes, total }: DiceFigures): string {
  const cells = ({ name, bytes, of }: StoredPart): readonly string[] => [of === undefined ? name : `  of these ${name}`, String(bytes), ratioText(bytes, storedBytes), ratioText(bytes, total.logicalBytes)];
  const rows = [...parts.filter(({ bytes }) => bytes !== 0), { name: 'stored', bytes: storedBytes }].map(cells);
  return textTable(['part', '>bytes', '>of stored', '>of logical'], rows);
}

function faultsText(saving: FolderSaving): string {
  const faults = faultsIn(saving);
  const repositories = saving.others.filter(({ outcome }) => outcome === 'measured').length;
  if (faults.length > 0) return `WRONG:\n${faults.join('\n')}`;
  return `Every file came back identical (SHA-256)${repositories === 0 ? '' : `, from each of the ${String(repositories)} other repositories too`}.`;
}
