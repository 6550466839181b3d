/**
 * How contents are deflated (RFC 1951), always the same for the same bytes: short ones as zlib does it, long ones in a way of our own, which takes
 * a fifth of the time. SPEC.md section 5.2.
 */
import { dynamicBlock } from './deflate-block.js';
import { countsOf, releaseKernel, setWords, takeKernel, type DeflateKernel } from './deflate-kernel.js';
import { putHeader, usualCode } from './dynamic-code.js';
import { zlibStream } from './zlib-encoder.js';

/** Longer contents are tried by so many bytes in their middle, which tell what most of them is like, as a header does not. */
const trialBytes = 8_192;
const longBytes = 16_384;
/** On trial one byte in so many must be saved. */
const trialShare = 32;
const settings = { level: 6, memLevel: 8, strategy: 0, windowBits: 15 } as const;

/** A raw deflate stream of `raw`, at most 1 MiB, that is shorter than it; undefined where there is none to be had, as far as a trial tells. */
export function deflateIfShorter(raw: Uint8Array): Uint8Array | undefined {
  if (raw.length <= longBytes) {
    const deflated = zlibStream(raw, settings);
    return deflated.length < raw.length ? deflated : undefined;
  }
  const kernel = takeKernel();
  try {
    return isWorthTrying(kernel, raw) ? deflated(kernel, raw, raw.length - 1) : undefined;
  } finally {
    releaseKernel(kernel);
  }
}

function isWorthTrying(kernel: DeflateKernel, raw: Uint8Array): boolean {
  const from = Math.floor((raw.length - trialBytes) / 2);
  return deflated(kernel, raw.subarray(from, from + trialBytes), trialBytes - trialBytes / trialShare) !== undefined;
}

/** The kernel's stream, unless it has more than `most` bytes. */
function deflated(kernel: DeflateKernel, raw: Uint8Array, most: number): Uint8Array | undefined {
  const { run, bytes, at } = kernel;
  bytes.set(raw, at.plain);
  run.beginWriting();
  run.beginTokens(raw.length);
  while (run.bytesLeft() > 0) {
    writeBlock(kernel);
    if (run.writtenBytes() > most) return undefined;
  }
  run.align(0);
  const length = run.takeWritten();
  return length > most ? undefined : bytes.slice(at.deflated, at.deflated + length);
}

function writeBlock(kernel: DeflateKernel): void {
  const { run } = kernel;
  const tokens = run.chooseTokens();
  const { literals, distances } = countsOf(kernel);
  const code = usualCode(literals, distances);
  run.put(run.bytesLeft() === 0 ? 1 : 0, 1);
  run.put(dynamicBlock, 2);
  putHeader(code, (value, bits) => { run.put(value, bits); });
  setWords(kernel, code);
  run.writeTokens(tokens);
}
