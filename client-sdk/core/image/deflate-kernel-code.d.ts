/**
 * The deflate kernel as its build writes it (kernel/build.mjs): WebAssembly that works in memory of its own. What its functions promise
 * stands beside them in deflate-kernel/. SPEC.md sections 5.2 and 6.7.
 */

/** What the kernel exports. */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  place(area: number): number;
  beginReading(history: number): void;
  inputAt(): number;
  read(length: number): number;
  unusedBytes(): number;
  outputEnd(): number;
  dropOutput(): number;
  beginWriting(): void;
  put(bits: number, count: number): void;
  writeTokens(count: number): void;
  align(padding: number): void;
  writtenBytes(): number;
  takeWritten(): number;
  beginTokens(length: number): void;
  bytesLeft(): number;
  chooseTokens(): number;
  beginZlib(windowBits: number, hashBits: number, longer: number, longest: number): void;
  setLevel(way: number, most: number, isFiltered: number, good: number, lazy: number, nice: number, chain: number): void;
  takeDictionary(bytes: number): void;
  waitingPlace(): number;
  waitingRoom(): number;
  parse(added: number, more: number, isLast: number): number;
  zlibTokens(): number;
  blockStart(): number;
  blockEnd(): number;
}

/** A kernel of one's own. Synchronous: the code is small. */
export function newDeflateKernel(): Kernel;
