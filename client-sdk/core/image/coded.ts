/**
 * The coding of contents: the one place that knows the coder ids. A coded content is an id, the payload's length
 * (unsigned LEB128), the payload, then zero bytes that only pad. It neither seals nor fingerprints. SPEC.md section 5.2.
 */
import { maxPayloadBytes } from '../../protocol/limits.js';
import { fault } from '../errors.js';
import { codeCoefficients, decodeCoefficients } from './coefficient-coder.js';
import { checkShape, coefficientShapeOf, kindOf, newTile, plainBytes, plainContent, samplesBytes, samplesOf, shapeOf, type TileShape } from './content.js';
import { deflateIfShorter } from './deflate-content.js';
import { codeEqualisation, decodeEqualisation, maxEqualisedSamples } from './equalised-code.js';
import type { TileEqualisation } from './equalised-tile.js';
import { inflateWhole } from './inflate-whole.js';
import { checkDepth, codeTile, decodeTile } from './tile-coder.js';

/** The closed registry of coders. A better coder gets a new id. */
const coders = { stored: 1, deflated: 2, tile: 3, storedTile: 4, spreadTile: 5, equalisedTile: 6, coefficients: 7 } as const;
/** Plain kinds, as payloads of coders 1 and 2 begin; coefficients only where their own coder does not pay, all that follows their label. */
const plainKinds = ['bytes', 'segment', 'coefficients'] as const;
/** First byte of a payload of coder 4. */
const tileForms = { raw: 0, deflated: 1, halves: 2 } as const;
/** A tile's geometry in a payload of coder 4: as in its content. */
const geometryBytes = 6;
const labelBytes = 4;
const maxLengthBytes = 3;

/**
 * The coded form of a canonical content: always the same for the same content and the same `equalisation`, which a tile of a
 * picture that was equalised may come with. Throws DiceError `recipe-invalid` for any other bytes.
 */
export function codeContent(content: Uint8Array, equalisation?: TileEqualisation): Uint8Array<ArrayBuffer> {
  const kind = kindOf(content);
  if (kind === 'tile') {
    const coded = codeTileContent(content);
    return (equalisation === undefined ? undefined : codeEqualised(content, equalisation, coded.length)) ?? coded;
  }
  const code = kind === 'coefficients' ? codeCoefficients(content) : undefined;
  if (code !== undefined) return frame(coders.coefficients, code);
  const raw = plainBytes(content);
  checkPlain(raw.length);
  const flag = plainKinds.indexOf(kind);
  const deflated = deflateIfShorter(raw);
  return deflated === undefined ? frame(coders.stored, Uint8Array.of(flag), raw) : frame(coders.deflated, Uint8Array.of(flag), deflated);
}

/** The canonical content of `coded`, which may be a stranger's. Throws DiceError `recipe-invalid` for anything malformed. */
export function decodeContent(coded: Uint8Array): Uint8Array<ArrayBuffer> {
  const { start, end } = readHead(coded);
  for (let i = end; i < coded.length; i++) if (coded[i] !== 0) throw malformed('what follows its payload is no padding');
  const payload = coded.subarray(start, end);
  switch (coded[0] ?? 0) {
    case coders.stored:
      return plain(payload, payload.subarray(1));
    case coders.deflated:
      return plain(payload, inflateWhole(payload.subarray(1), maxPayloadBytes - labelBytes));
    case coders.tile:
      return decodeTile(payload);
    case coders.storedTile:
      return decodeStoredTile(payload);
    case coders.spreadTile:
      return decodeSpread(payload);
    case coders.equalisedTile:
      return decodeEqualised(payload);
    case coders.coefficients:
      return decodeCoefficients(payload);
    default:
      throw malformed('its coder is unknown');
  }
}

/** Bytes of `coded` without its padding. Throws DiceError `recipe-invalid` for a malformed head. */
export function codedLength(coded: Uint8Array): number {
  return readHead(coded).end;
}

function codeTileContent(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const shape = shapeOf(content);
  const spread = spreadOf(shape, samplesOf(content));
  const spreadCode = spread === undefined ? undefined : codeTile(spread);
  if (spreadCode !== undefined) return frame(coders.spreadTile, spreadCode);
  const code = shape.depth === 32 ? undefined : codeTile(content);
  if (code !== undefined) return frame(coders.tile, code);
  const geometry = content.subarray(labelBytes, labelBytes + geometryBytes);
  const samples = samplesOf(content);
  const deflated = deflateIfShorter(samples);
  const form = Uint8Array.of(deflated === undefined ? tileForms.raw : tileForms.deflated);
  const plain = deflated ?? samples;
  if (shape.depth === 32) {
    const [high, low] = halvesOf(shape, samples).map((half) => codeContent(half));
    if (high!.length + low!.length < plain.length) return frame(coders.storedTile, Uint8Array.of(tileForms.halves), geometry, high!, low!);
  }
  return frame(coders.storedTile, form, geometry, plain);
}

/** The coded form by levels and maps, or undefined where it is not shorter than `limit` or the tile cannot be coded so. */
function codeEqualised(content: Uint8Array, equalisation: TileEqualisation, limit: number): Uint8Array<ArrayBuffer> | undefined {
  const shape = shapeOf(content);
  if (!isLevelled(shape)) return undefined;
  const tile = newTile(shape);
  samplesOf(tile).set(equalisation.levels);
  const levels = codeTile(tile);
  if (levels === undefined || levels.length >= limit) return undefined;
  const maps = codeEqualisation(equalisation, shape, samplesOf(content), limit - levels.length);
  if (maps === undefined) return undefined;
  const coded = frame(coders.equalisedTile, lengthOf(maps.length), maps, levels);
  return coded.length < limit ? coded : undefined;
}

function decodeEqualised(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length, at } = readLength(payload, 0);
  const content = decodeTile(payload.subarray(at + length));
  const shape = shapeOf(content);
  if (!isLevelled(shape)) throw malformed('its shape cannot have levels');
  samplesOf(content).set(decodeEqualisation(payload.subarray(at, at + length), shape, samplesOf(content)));
  return content;
}

/** Equalised pictures are grey, of 8 bits. */
function isLevelled(shape: TileShape): boolean {
  return shape.channels === 1 && shape.depth === 8 && samplesBytes(shape) <= maxEqualisedSamples;
}

/** The tile of 1, 2 or 4 bits whose samples were spread over the 8 of this one, undefined where they were not. */
function spreadOf(shape: TileShape, samples: Uint8Array): Uint8Array | undefined {
  if (shape.depth !== 8) return undefined;
  let index = 0;
  for (const sample of samples) {
    while (sample % spreadSteps[index]![1] !== 0) if (++index === spreadSteps.length) return undefined;
  }
  const [depth, step] = spreadSteps[index]!;
  const packed = newTile({ ...shape, depth });
  samplesOf(packed).set(samples.map((sample) => sample / step));
  return packed;
}

/** Depths that are spread, and the distance of their samples then. */
const spreadSteps = [[1, 255], [2, 85], [4, 17]] as const;

function decodeSpread(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const packed = decodeTile(payload);
  const shape = shapeOf(packed);
  const step = spreadSteps.find(([depth]) => depth === shape.depth)?.[1];
  if (step === undefined) throw malformed('its depth cannot be spread');
  const content = newTile({ ...shape, depth: 8 });
  samplesOf(content).set(samplesOf(packed).map((sample) => sample * step));
  return content;
}

/** The high and the low 16 bits of samples of 32, each as a tile of its own. */
function halvesOf(shape: TileShape, samples: Uint8Array): readonly Uint8Array[] {
  return [0, 2].map((from) => {
    const half = newTile({ ...shape, depth: 16 });
    const own = samplesOf(half);
    for (let at = from, to = 0; to < own.length; at += 4, to += 2) {
      own[to] = samples[at]!;
      own[to + 1] = samples[at + 1]!;
    }
    return half;
  });
}

/** Puts two halves together. */
function joinHalves(shape: TileShape, coded: Uint8Array, samples: Uint8Array): void {
  if (shape.depth !== 32) throw malformed('its form is not for its depth');
  let at = 0;
  for (const from of [0, 2]) {
    const end = at + codedLength(coded.subarray(at));
    const half = decodeContent(coded.subarray(at, end));
    at = end;
    if (!isSameShape(shapeOf(half), { ...shape, depth: 16 })) throw malformed('a half of it has another shape');
    const own = samplesOf(half);
    for (let to = from, k = 0; k < own.length; to += 4, k += 2) {
      samples[to] = own[k]!;
      samples[to + 1] = own[k + 1]!;
    }
  }
  if (at !== coded.length) throw malformed('bytes follow its halves');
}

function isSameShape(a: TileShape, b: TileShape): boolean {
  return a.width === b.width && a.height === b.height && a.channels === b.channels && a.depth === b.depth;
}

function decodeStoredTile(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  if (payload.length < 1 + geometryBytes) throw malformed('it is too short');
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const shape = { width: view.getUint16(1), height: view.getUint16(3), channels: view.getUint8(5), depth: view.getUint8(6) };
  checkShape(shape);
  const content = newTile(shape);
  const samples = samplesOf(content);
  const rest = payload.subarray(1 + geometryBytes);
  const form = payload[0];
  if (form === tileForms.halves) {
    joinHalves(shape, rest, samples);
    return content;
  }
  if (form !== tileForms.raw && form !== tileForms.deflated) throw malformed('its form is unknown');
  const bytes = form === tileForms.raw ? rest : inflateWhole(rest, samples.length);
  if (bytes.length !== samples.length) throw malformed('it has too few or too many samples');
  checkDepth(shape, bytes);
  samples.set(bytes);
  return content;
}

function plain(payload: Uint8Array, raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const kind = plainKinds[payload[0] ?? plainKinds.length];
  if (kind === undefined) throw malformed('its kind is unknown');
  checkPlain(raw.length);
  const content = plainContent(kind, raw);
  if (kind === 'coefficients') coefficientShapeOf(content);
  return content;
}

function checkPlain(length: number): void {
  if (length < 1 || length > maxPayloadBytes - labelBytes) throw malformed('it has no bytes, or too many');
}

function frame(coder: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = lengthOf(length);
  const coded = new Uint8Array(1 + head.length + length);
  coded[0] = coder;
  let at = 1;
  for (const part of [head, ...parts]) {
    coded.set(part, at);
    at += part.length;
  }
  return coded;
}

/** Unsigned LEB128. */
function lengthOf(length: number): Uint8Array {
  const bytes = new Uint8Array(length < 0x80 ? 1 : length < 0x4000 ? 2 : maxLengthBytes);
  for (let i = 0; i < bytes.length; i++) bytes[i] = ((length >>> (7 * i)) & 127) | (i < bytes.length - 1 ? 128 : 0);
  return bytes;
}

function readHead(coded: Uint8Array): { readonly start: number; readonly end: number } {
  const { length, at } = readLength(coded, 1);
  return { start: at, end: at + length };
}

/** A length at `from`, and where what it counts begins. */
function readLength(bytes: Uint8Array, from: number): { readonly length: number; readonly at: number } {
  let length = 0;
  for (let i = 0; i < maxLengthBytes; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) throw malformed('it ends early');
    length |= (byte & 127) << (7 * i);
    if (byte > 127) continue;
    if (byte === 0 && i > 0) throw malformed('its length is not in its shortest form');
    const at = from + i + 1;
    if (length > maxPayloadBytes || at + length > bytes.length) throw malformed('its length is wrong');
    return { length, at };
  }
  throw malformed('its length is wrong');
}

function malformed(why: string): Error {
  return fault('recipe-invalid', `A coded content is refused: ${why}.`);
}
