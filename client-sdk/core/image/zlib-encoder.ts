/**
 * Vanilla zlib as an encoder of raw deflate: the same bytes for the same pushes under the same parameters (the tests hold it against the
 * pinned pako). The deflate kernel chooses tokens and writes them; here each block gets the form that zlib gives it. SPEC.md section 6.4.
 */
import { concat } from '../../protocol/bytes.js';
import { dynamicBlock, fixedBlock, storedBlock, type DynamicCode } from './deflate-block.js';
import { distanceExtra, endSymbol, fixedDistanceLengths, fixedLiteralLengths, lengthExtra } from './deflate-code.js';
import { countsOf, releaseKernel, setWords, takeKernel, type DeflateKernel } from './deflate-kernel.js';
import { headerBits, putHeader, usualCode } from './dynamic-code.js';

/** The parameters of zlib's deflateInit2: levels 1 to 9, memory 1 to 9, strategies 0 to 4, windows of 9 to 15 bits. */
export interface ZlibSettings {
  readonly level: number;
  readonly memLevel: number;
  readonly strategy: number;
  readonly windowBits: number;
}

/** What zlib's levels ask of a search: with a match of `good` bytes at hand it looks at a quarter of `chain` candidates, `nice` ends it. */
interface Level {
  readonly good: number;
  /** Matches of this length are not deferred; where none is, longer ones are not inserted. */
  readonly lazy: number;
  readonly nice: number;
  readonly chain: number;
}

/** What the kernel answers. */
const outcomes = { wanting: 0, full: 1, done: 2 } as const;
/** How the kernel chooses tokens. */
const ways = { literals: 0, runs: 1, greedy: 2, lazy: 3 } as const;
const filtered = 1;
const huffmanOnly = 2;
const runLength = 3;
const fixedOnly = 4;
const firstLazyLevel = 4;
const shortFiltered = 5;
/** Chains from this length on are walked by longer keys. */
const longChain = 64;
const headBits = 3;
/** Bytes of a stored block's lengths. */
const storedHeadBytes = 4;
const none: Uint8Array = new Uint8Array(0);
const fixedCode = { literals: fixedLiteralLengths, distances: fixedDistanceLengths };

const levels: readonly Level[] = [
  [4, 4, 8, 4], [4, 5, 16, 8], [4, 6, 32, 32], [4, 4, 16, 16], [8, 16, 32, 32], [8, 16, 128, 128], [8, 32, 128, 256], [32, 128, 258, 1_024],
  [32, 258, 258, 4_096],
].map(([good, lazy, nice, chain]) => ({ good: good!, lazy: lazy!, nice: nice!, chain: chain! }));

/** Takes plain bytes, gives the stream block by block. Call `close` when it is given up before `finish`. */
export class ZlibEncoder {
  readonly #isFixed: boolean;
  #kernel: DeflateKernel | undefined;

  /** `onBytes` may keep what it is given. `dictionary`, at most as long as the window, is what came before. */
  constructor(settings: ZlibSettings, private readonly onBytes: (bytes: Uint8Array) => void, dictionary = none) {
    this.#isFixed = settings.strategy === fixedOnly;
    this.#kernel = takeKernel();
    begin(this.#kernel, settings);
    if (dictionary.length > 0) setDictionary(this.#kernel, dictionary);
  }

  /** Tokens of the open block, in the form of token-model.ts: a view that the next push changes. */
  get openTokens(): Uint32Array {
    const { run, words, at } = this.#open();
    return words.subarray(at.tokens / 4, at.tokens / 4 + run.zlibTokens());
  }

  push(bytes: Uint8Array): void {
    const { run, bytes: memory } = this.#open();
    for (let rest = bytes; rest.length > 0; ) {
      const place = run.waitingPlace();
      const piece = rest.subarray(0, run.waitingRoom());
      memory.set(piece, place);
      rest = rest.subarray(piece.length);
      this.#parse(piece.length, rest.length > 0, false);
    }
  }

  /** After the last byte. */
  finish(): void {
    this.#parse(0, false, true);
    this.close();
  }

  /** Gives its memory back; nothing more can be pushed. */
  close(): void {
    if (this.#kernel !== undefined) releaseKernel(this.#kernel);
    this.#kernel = undefined;
  }

  #open(): DeflateKernel {
    if (this.#kernel === undefined) throw new RangeError('the encoder has ended');
    return this.#kernel;
  }

  #parse(added: number, hasMore: boolean, isLast: boolean): void {
    const kernel = this.#open();
    for (let bytes = added; ; bytes = 0) {
      const outcome = kernel.run.parse(bytes, hasMore ? 1 : 0, isLast ? 1 : 0);
      if (outcome === outcomes.wanting) return;
      this.#endBlock(kernel, outcome === outcomes.done);
      if (outcome === outcomes.done) return;
    }
  }

  /** Writes the block stored, with the fixed code or with its own, whichever zlib takes. */
  #endBlock(kernel: DeflateKernel, isFinal: boolean): void {
    const { run } = kernel;
    const { literals, distances } = countsOf(kernel);
    literals[endSymbol] = 1;
    const code = usualCode(literals, distances);
    const own = bytesOf(headerBits(code) + tokenBits(kernel, code));
    const fixed = bytesOf(tokenBits(kernel, fixedCode));
    const [start, end] = [run.blockStart(), run.blockEnd()];
    const isStored = start >= 0 && end - start + storedHeadBytes <= Math.min(own, fixed);
    const type = isStored ? storedBlock : this.#isFixed || fixed <= own ? fixedBlock : dynamicBlock;
    run.put((isFinal ? 1 : 0) | (type << 1), headBits);
    const plain = isStored ? putStored(kernel, start, end) : putTokens(kernel, type === dynamicBlock ? code : undefined);
    if (isFinal) run.align(0);
    this.#give(kernel);
    if (plain.length > 0) this.onBytes(plain);
  }

  #give({ run, bytes, at }: DeflateKernel): void {
    const length = run.takeWritten();
    if (length > 0) this.onBytes(bytes.slice(at.deflated, at.deflated + length));
  }
}

function begin({ run }: DeflateKernel, { level, memLevel, strategy, windowBits }: ZlibSettings): void {
  const { good, lazy, nice, chain } = levels[level - 1]!;
  const isLazy = level >= firstLazyLevel && strategy !== huffmanOnly && strategy !== runLength;
  const [longer, longest] = !isLazy ? [0, 0] : strategy === filtered ? [shortFiltered + 1, 0] : chain >= longChain ? [4, 6] : [0, 0];
  const way = strategy === huffmanOnly ? ways.literals : strategy === runLength ? ways.runs : isLazy ? ways.lazy : ways.greedy;
  run.beginWriting();
  run.beginZlib(windowBits, memLevel + 7, longer, longest);
  run.setLevel(way, (1 << (memLevel + 6)) - 1, strategy === filtered ? 1 : 0, good, lazy, nice, chain);
}

function setDictionary({ run, bytes }: DeflateKernel, dictionary: Uint8Array): void {
  bytes.set(dictionary, run.waitingPlace());
  run.takeDictionary(dictionary.length);
}

/** The rest of a stored block's header; its bytes. */
function putStored({ run, bytes, at }: DeflateKernel, start: number, end: number): Uint8Array {
  run.align(0);
  run.put((end - start) & 0xffff, 16);
  run.put(~(end - start) & 0xffff, 16);
  return bytes.slice(at.zlibWindow + start, at.zlibWindow + end);
}

function putTokens(kernel: DeflateKernel, code: DynamicCode | undefined): Uint8Array {
  const { run } = kernel;
  if (code !== undefined) putHeader(code, (value, bits) => { run.put(value, bits); });
  setWords(kernel, code ?? fixedCode);
  run.writeTokens(run.zlibTokens());
  return none;
}

function bytesOf(bits: number): number {
  return (bits + headBits + 7) >>> 3;
}

/** Bits of the block's tokens under a code. */
function tokenBits(kernel: DeflateKernel, code: { readonly literals: Uint8Array; readonly distances: Uint8Array }): number {
  const { literals, distances } = countsOf(kernel);
  let bits = 0;
  for (let symbol = 0; symbol < literals.length; symbol++) {
    bits += literals[symbol]! * (code.literals[symbol]! + (symbol > endSymbol ? lengthExtra[symbol - endSymbol - 1]! : 0));
  }
  for (let symbol = 0; symbol < distances.length; symbol++) bits += distances[symbol]! * (code.distances[symbol]! + distanceExtra[symbol]!);
  return bits;
}

/** The stream of bytes that are whole in memory. */
export function zlibStream(plain: Uint8Array, settings: ZlibSettings, dictionary = none): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const encoder = new ZlibEncoder(settings, (bytes) => { parts.push(bytes); }, dictionary);
  encoder.push(plain);
  encoder.finish();
  return concat(...parts);
}
