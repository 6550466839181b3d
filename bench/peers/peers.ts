/**
 * This product next to restic and borg: a folder stored, stored again, restored, stored after small edits and verified, over links of
 * several speeds. `npm run bench:peers -- FOLDER [OPTION...]` (options: peer-options.ts). Tables of medians on stdout, progress on
 * stderr, everything with --json FILE. Exits with 1, without figures, where a restore differs or a command fails; 130 after Ctrl-C.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { circumstances, circumstancesText } from '../circumstances.js';
import { fileSetOf } from '../file-set.js';
import { compareTools } from './comparison.js';
import { EditedCopy } from './edited-copy.js';
import { countedText } from './link.js';
import { peerCommand, type PeerCommand } from './peer-options.js';
import { peerRows, peerTable } from './peer-table.js';
import { refuseAbsent } from './peer-tool.js';
import { runInOwnNetwork } from './private-network.js';

// Settings of the caller's own server and client must not change what is measured.
for (const name of Object.keys(process.env)) if (name.startsWith('DICE_')) Reflect.deleteProperty(process.env, name);
try {
  process.exitCode = await main(peerCommand(process.argv.slice(2)));
} catch (thrown) {
  process.stderr.write(`bench:peers: ${thrown instanceof Error ? thrown.message : 'failed for no known reason'}\n`);
  process.exitCode = 1;
}

async function main(command: PeerCommand): Promise<number> {
  await refuseAbsent(command.tools);
  await fileSetOf(command.folder);
  return (await runInOwnNetwork()) ?? (await inScratch(command));
}

async function inScratch(command: PeerCommand): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { stopping.abort(new Error(`ended by ${signal}`)); });
  const scratch = await mkdtemp(path.join(tmpdir(), 'dice-peers-'));
  let tables = '';
  try {
    tables = await compare(command, scratch, stopping.signal);
  } catch (thrown) {
    if (!stopping.signal.aborted) throw thrown;
    return 130;
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
  // Whoever reads may be gone by now: nothing is left to do after this.
  process.stdout.write(tables);
  return 0;
}

/** Measures, writes the JSON file, and answers what is to be printed. */
async function compare(command: PeerCommand, scratch: string, signal: AbortSignal): Promise<string> {
  const set = await fileSetOf(command.folder);
  const edits = Math.min(set.files.length, command.edits ?? Math.max(1, Math.round(set.files.length / 10)));
  const [measuredOn, versions] = [await circumstances(), await Promise.all(command.tools.map((tool) => tool.version()))];
  const copy = await EditedCopy.make(set, edits, scratch);
  const bytes = set.files.reduce((sum, file) => sum + file.bytes, 0);
  const rounds = await compareTools(command, { scratch, copy, signal, say: (line) => { process.stderr.write(`${line}\n`); } });
  const medians = peerRows(rounds, command.tools.filter(({ isPeer }) => isPeer).map(({ name }) => name));
  if (command.jsonFile !== undefined) {
    const document = { ...measuredOn, versions, folder: path.basename(set.folder), files: set.files.length, bytes, edits: copy.edits, medians, rounds };
    await writeFile(command.jsonFile, `${JSON.stringify(document, undefined, 2)}\n`);
  }
  const { stamped, retitled, lengthened } = copy.edits;
  const what = `${String(set.files.length)} files, ${(bytes / 1e6).toFixed(2)} MB; edits: ${String(stamped)} stamps on PNG, ${String(retitled)} comments in JPEG, ${String(lengthened)} appended bytes`;
  const heading = [circumstancesText(measuredOn), what, ...versions, `medians of ${String(command.runs)}; every restored file was identical`].join('\n');
  const tables = command.links.map((link) => `\n== ${link.name} (${countedText(link)})\n\n${peerTable(medians.filter((row) => row.link === link.name))}\n`);
  return `${heading}\n${tables.join('')}`;
}
