/**
 * The second way to keep how a deflate stream was made, for encoders whose parameters are not found: the model of a likely encoder,
 * and corrections where the stream does otherwise. Splits a stream into these, and joins it again. SPEC.md section 6.7.
 */
import { fault } from '../errors.js';
import { BlockModel, streamContexts, type PartHead } from './block-model.js';
import { CorrectionReader, CorrectionWriter, type CorrectionCoder } from './correction-coder.js';
import { dynamicBlock, storedBlock, type BlockPart, type DynamicCode } from './deflate-block.js';
import { DeflateReader } from './deflate-reader.js';
import { DeflateWriter } from './deflate-writer.js';
import type { EncoderModel } from './encoder-model.js';
import { PlainWindow } from './plain-window.js';
import { Unsplittable } from './raster-container.js';
import { lookAheadBytes, TokenModel } from './token-model.js';

const paddingBits = 7;
/** Bytes that are read in one step: they unfold to at most 1032 times as many. */
const pieceBytes = 8_192;
const correctionsAtOnce = 256;
/** Plain bytes of a stream: positions are 32-bit integers. */
const maxTokenPlainBytes = 2_000_000_000;

/** A writer of the corrections of streams; it throws TooManyCorrections above `maxBytes`. */
export function newCorrections(maxBytes: number): CorrectionWriter {
  return new CorrectionWriter(streamContexts, maxBytes);
}

/** A reader of corrections. Throws DiceError `recipe-invalid`, as all that reads them. */
export function readCorrections(bytes: Uint8Array): CorrectionReader {
  return new CorrectionReader(streamContexts, bytes);
}

/** Corrections that a compressed stream of `streamBytes` may have: with more, tiles save nothing even where they are shared. */
export function maxCorrectionBytes(streamBytes: number): number {
  return correctionsAtOnce + Math.floor(streamBytes / 8);
}

/** Takes the stream in pieces. Throws Unsplittable where it is damaged or too long, TooManyCorrections as its coder does. */
export class TokenSplit {
  readonly #window = new PlainWindow();
  readonly #reader: DeflateReader;
  readonly #coder: CorrectionWriter;
  readonly #tokens: TokenModel;
  readonly #blocks = new BlockModel();
  readonly #queue: { readonly part: BlockPart; readonly end: number }[] = [];

  /** `coder` goes on from stream to stream of one encoder. */
  constructor(model: EncoderModel, coder: CorrectionWriter) {
    this.#tokens = new TokenModel(this.#window, model);
    this.#coder = coder;
    this.#reader = new DeflateReader({
      window: this.#window,
      from: () => this.#tokens.position,
      onPart: (part) => {
        this.#queue.push({ part, end: this.#window.end });
        this.#run();
      },
    });
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      this.#reader.push(bytes.subarray(at, at + pieceBytes));
      if (this.#window.end > maxTokenPlainBytes) throw new Unsplittable('it unfolds too far');
    }
  }

  /** After the last byte of the stream. */
  finish(): void {
    this.#reader.finish();
    this.#window.isEnded = true;
    this.#run();
    this.#coder.raw(this.#reader.padding, paddingBits);
  }

  #run(): void {
    const { end, isEnded } = this.#window;
    while (this.#queue.length > 0 && (isEnded || this.#queue[0]!.end + lookAheadBytes <= end)) this.#code(this.#queue.shift()!.part);
  }

  #code(part: BlockPart): void {
    const coder = this.#coder;
    this.#blocks.codeHead(coder, { ...part, count: part.tokens.length });
    const { isFirst, isLast, code, tokens } = part;
    const isDynamic = part.type === dynamicBlock && isFirst;
    if (isDynamic && !isLast) this.#blocks.codeCode(coder, code, undefined);
    for (const token of tokens) this.#tokens.code(coder, token);
    if (part.type === storedBlock) this.#tokens.skip(part.storedBytes);
    if (isDynamic && isLast) this.#blocks.codeCode(coder, code, tokens);
  }
}

/** Takes the plain bytes in order; gives the stream to `onBytes`. Throws DiceError `recipe-invalid` where the corrections do not fit. */
export class TokenJoin {
  readonly #window = new PlainWindow();
  readonly #coder: CorrectionReader;
  readonly #tokens: TokenModel;
  readonly #blocks = new BlockModel();
  readonly #writer: DeflateWriter;
  #head: PartHead | undefined;
  #code: DynamicCode | undefined;
  #part = new Int32Array(1_024);
  #count = 0;
  #isDone = false;

  /** `coder` goes on from stream to stream. */
  constructor(model: EncoderModel, coder: CorrectionReader, onBytes: (bytes: Uint8Array) => void) {
    this.#tokens = new TokenModel(this.#window, model);
    this.#coder = coder;
    this.#writer = new DeflateWriter(onBytes);
  }

  push(bytes: Uint8Array): void {
    if (this.#window.end + bytes.length > maxTokenPlainBytes) throw invalid('it unfolds too far');
    this.#window.append(bytes, this.#tokens.position);
    this.#run();
  }

  /** After the last plain byte. */
  finish(): void {
    this.#window.isEnded = true;
    this.#run();
    if (!this.#isDone || this.#tokens.position !== this.#window.end) throw invalid('its tokens are not those of its plain bytes');
    this.#writer.finish(this.#coder.raw(0, paddingBits));
  }

  /** Goes on while there is enough to look ahead at. */
  #run(): void {
    while (!this.#isDone && this.#mayGoOn()) {
      if (this.#head === undefined) this.#begin(this.#coder);
      else if (this.#head.type === storedBlock) {
        if (!this.#stored(this.#head)) return;
      } else if (this.#count < this.#head.count) this.#token();
      else this.#end(this.#head);
    }
  }

  #mayGoOn(): boolean {
    return this.#window.isEnded || this.#tokens.position + lookAheadBytes <= this.#window.end;
  }

  #begin(coder: CorrectionCoder): void {
    const head = this.#blocks.codeHead(coder, undefined);
    this.#head = head;
    this.#count = 0;
    if (head.type === dynamicBlock && head.isFirst && !head.isLast) this.#code = this.#blocks.codeCode(coder, undefined, undefined);
    const isKnown = head.type !== dynamicBlock || !head.isLast;
    if (head.isFirst && isKnown) this.#writer.begin(head.type, head.isFinal, this.#code);
    if (head.type === storedBlock) this.#writer.stored(head.storedBytes, head.padding);
  }

  #token(): void {
    if (this.#count === this.#part.length) {
      const larger = new Int32Array(2 * this.#count);
      larger.set(this.#part);
      this.#part = larger;
    }
    this.#part[this.#count++] = this.#tokens.code(this.#coder, 0);
  }

  /** Writes a stored block; false where its bytes are not all known yet. */
  #stored(head: PartHead): boolean {
    const { position } = this.#tokens;
    const { window, length } = { window: this.#window, length: head.storedBytes };
    if (position + length + (window.isEnded ? 0 : lookAheadBytes) > window.end) {
      if (window.isEnded) throw invalid('a stored block goes beyond the plain bytes');
      return false;
    }
    this.#writer.bytes(window.bytes.slice(position - window.base, position - window.base + length));
    this.#tokens.skip(length);
    this.#close(head);
    return true;
  }

  #end(head: PartHead): void {
    const isWhole = head.type === dynamicBlock && head.isFirst && head.isLast;
    if (isWhole) {
      this.#code = this.#blocks.codeCode(this.#coder, undefined, this.#part.subarray(0, this.#count));
      this.#writer.begin(head.type, head.isFinal, this.#code);
    }
    if (!this.#writer.tokens(this.#part, this.#count)) throw invalid('a token has no word');
    if (head.isLast && !this.#writer.endBlock()) throw invalid('a block has no end');
    this.#close(head);
  }

  #close(head: PartHead): void {
    this.#head = undefined;
    if (head.isLast) this.#code = undefined;
    this.#isDone = head.isLast && head.isFinal;
  }
}

function invalid(what: string): Error {
  return fault('recipe-invalid', `Deflate: ${what}.`);
}
