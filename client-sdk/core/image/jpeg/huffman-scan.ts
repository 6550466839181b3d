/**
 * Huffman-coded scans to coefficients and back, in steps: the kernel does the work, this feeds it with codes, bytes and padding.
 * ITU-T T.81 sections F.1.2, F.2.2, G.1.2; SPEC.md section 6.8.
 */
import { noCodes, type HuffmanCodes } from './huffman-codes.js';
import { mcusOf, type Frame, type ScanHeader } from './jpeg-frame.js';
import { maxEvents, partBytes, rawBytes, tableBytes, type ScanKernel } from './scan-kernel.js';
import { PaddingList } from './padding-list.js';
import type { ReadingSteps, ScanPlace, WritingSteps, WrittenStep } from './scan-steps.js';
import type { ScanPadding } from './scan-traits.js';

/** What a scan codes of a block, as in kernel/scan.ts. */
const kinds = { whole: 0, dc: 1, dcBit: 2, first: 3, further: 4 } as const;
/** How a step ended, as in kernel/scan.ts. */
const ended = { bytes: 1, events: 2, whole: 3, broken: 4, brokenAtMarker: 5 } as const;
/** Blocks that one step reads or writes, or a few more: some milliseconds. */
const stepBlocks = 32_768;

/** Whether the codes that a scan needs are there. */
export function hasCodes(frame: Frame, header: ScanHeader): boolean {
  const needsDc = !frame.progressive || (header.from === 0 && header.high === 0);
  const needsAc = !frame.progressive || header.from > 0;
  return header.components.every(({ dc, ac }) => (dc !== undefined || !needsDc) && (ac !== undefined || !needsAc));
}

/** Reads a scan of the file `bytes` into its planes, as far as it makes sense, in steps. */
export function* readHuffman(bytes: Uint8Array, place: ScanPlace): ReadingSteps {
  const { frame, scan: { header, start, end }, planes: { kernel } } = place;
  const { run } = kernel;
  const padding = new PaddingList();
  if (!hasCodes(frame, header)) return { rows: 0, padding: padding.end() };
  const turn = begin(place, (codes) => codes?.look ?? none);
  run.beginReading(header.from, header.to, Math.min(restartsOf(frame, header) + 1, (end - start) >> 1));
  let at = start;
  for (;;) {
    const how = run.read(stepBlocks);
    const events = run.eventsRead() - (how === ended.brokenAtMarker && !hasMarker(bytes, at - run.rawLeft() - 1, end) ? 1 : 0);
    padding.add(new Int32Array(kernel.bytes.buffer, kernel.at.events, events));
    run.clearEvents();
    if (how >= ended.whole) return { rows: run.rowsRead(), padding: padding.end() };
    if (how === ended.bytes) {
      const next = Math.min(end, at + rawBytes);
      kernel.bytes.set(bytes.subarray(at, next), kernel.at.raw);
      run.addRaw(next - at, next === end ? 1 : 0);
      at = next;
    }
    yield;
    turn();
  }
}

/**
 * Writes the first rows of a scan in steps.
 * @param rows how many; one more than the scan has if the padding at its end is to be written, too.
 */
export function* writeHuffman(place: ScanPlace, padding: ScanPadding, rows: number): WritingSteps {
  const { frame, scan: { header }, planes: { kernel } } = place;
  const { run } = kernel;
  const { down } = mcusOf(frame, header);
  const turn = begin(place, (codes) => codes?.codes ?? noCodes);
  run.beginWriting(header.from, header.to);
  const most = Math.min(maxEvents, restartsOf(frame, header) + 1);
  let used = 0;
  for (let how: number = ended.events; ; ) {
    if (how === ended.events) {
      used += run.eventsUsed();
      addEvents(kernel, padding, { from: used, count: most });
    }
    how = run.write(Math.min(rows, down), stepBlocks);
    yield stepOf(kernel);
    turn();
    if (how === ended.whole) break;
  }
  if (rows <= down) return;
  addEvents(kernel, padding, { from: used + run.eventsUsed(), count: 1 });
  run.writeEnd();
  yield stepOf(kernel);
}

const none = new Int32Array(0);

function restartsOf(frame: Frame, header: ScanHeader): number {
  const { across, down } = mcusOf(frame, header);
  return header.restart > 0 ? Math.ceil((across * down) / header.restart) - 1 : 0;
}

function kindOf(frame: Frame, { from, high }: ScanHeader): number {
  if (!frame.progressive) return kinds.whole;
  if (from === 0) return high === 0 ? kinds.dc : kinds.dcBit;
  return high === 0 ? kinds.first : kinds.further;
}

/**
 * Puts down what the kernel has to know of a scan.
 * @returns what to call after each yield: the kernel goes on with the last scan only.
 */
function begin({ frame, scan: { header }, planes }: ScanPlace, tableOf: (codes: HuffmanCodes | undefined) => Int32Array): () => void {
  const { kernel } = planes;
  const { words, at, run } = kernel;
  if (kernel.scans < 0) throw new Error('The planes were released.');
  if (frame.progressive && kernel.dcsAt.length === 0) throw new Error('The planes are those of another frame.');
  const isSingle = header.components.length === 1;
  const isDc = frame.progressive && header.from === 0;
  header.components.forEach(({ index, dc, ac }, part) => {
    const { horizontal, vertical } = frame.components[index]!;
    const tables = [2 * part, 2 * part + 1].map((place) => at.tables + place * tableBytes);
    [dc, ac].forEach((codes, place) => {
      const from = tables[place]! >> 2;
      words.fill(0, from, from + (tableBytes >> 2));
      words.set(tableOf(codes), from);
    });
    const sides = isSingle ? [1, 1] : [horizontal, vertical];
    const { stride } = planes.list[index]!;
    const plane = isDc ? [kernel.dcsAt[index]!, 2 * stride] : [kernel.valuesAt[index]!, 128 * stride];
    words.set([...plane, ...sides, ...tables, 0, kernel.placesAt[index] ?? 0], (at.parts + part * partBytes) >> 2);
  });
  const { across, down } = mcusOf(frame, header);
  run.beginScan(kindOf(frame, header), header.components.length, across, down, header.restart, header.low);
  const scan = ++kernel.scans;
  return () => {
    if (kernel.scans !== scan) throw new Error('Another scan of the same coefficients was begun.');
  };
}

/** Whether a restart marker lies in these bytes of a scan. */
function hasMarker(bytes: Uint8Array, from: number, end: number): boolean {
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at + 1 < end; at = bytes.indexOf(0xff, at + 2)) if (bytes[at + 1] !== 0) return true;
  return false;
}

function addEvents(
  { run, words, at }: ScanKernel,
  { bit, exceptions, numbers }: ScanPadding,
  { from, count }: { readonly from: number; readonly count: number },
): void {
  for (let index = 0; index < count; index++) {
    const event = from + index;
    words[(at.events >> 2) + index] = (exceptions[event] ?? 255 * bit) | ((numbers[event] ?? event & 7) << 8);
  }
  run.addEvents(count);
}

function stepOf({ run, bytes, at }: ScanKernel): WrittenStep {
  const size = run.bytesWritten();
  return {
    bytes: bytes.subarray(at.out, at.out + size),
    rowEnds: new Int32Array(bytes.buffer, at.rowEnds, run.rowsEnded()),
    sameAs: (file) => {
      const part = file.subarray(0, size);
      bytes.set(part, at.raw);
      return run.sameBytes(part.length);
    },
  };
}
