/**
 * Changes files as an attacker or a bad disk would, knowing where PNG and TIFF are tender: lengths, types, checksums, sizes, streams,
 * fields, offsets, chains. Every change follows from the numbers that `random` gives.
 */
import { deflateSync, inflateSync } from 'node:zlib';
import { concat, u32, utf8 } from '../../client-sdk/protocol/bytes.js';
import { pngChunk } from './png-writer.js';

/** Integers below a bound. */
export type RandomBelow = (below: number) => number;
type Mutation = (file: Uint8Array, random: RandomBelow) => Uint8Array;

/** `file` after one to three changes. */
export function mutateFile(file: Uint8Array, random: RandomBelow): Uint8Array {
  let changed = file;
  for (let left = 1 + random(3); left > 0 && changed.length > 0; left--) {
    const own = changed[0] === 0x89 ? pngMutations : tiffMutations;
    const list = random(4) === 0 ? plainMutations : own;
    changed = pick(list, random)(changed, random);
  }
  return changed;
}

function pick<T>(list: readonly T[], random: RandomBelow): T {
  const value = list[random(list.length)];
  if (value === undefined) throw new RangeError('an empty list');
  return value;
}

const tenderNumbers = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 64, 255, 256, 257, 4_095, 32_767, 65_535, 65_536, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** A number where things break, one near `value`, or any. */
function tender(value: number, random: RandomBelow): number {
  const kind = random(4);
  if (kind === 0) return pick(tenderNumbers, random);
  if (kind === 1) return Math.max(0, value - 2 + random(5));
  return kind === 2 ? random(65_536) : (value ^ (1 << random(31))) >>> 0;
}

const plainMutations: readonly Mutation[] = [
  (file, random) => withFlips(file, random),
  (file, random) => withFlips(file, random, [0, Math.min(file.length, 200)]),
  (file, random) => file.subarray(0, random(file.length + 1)),
  (file, random) => concat(file, bytesOf(random, random(2_000))),
  (file, random) => concat(file, file.subarray(random(file.length))),
  (file, random) => {
    const [from, to, length] = [random(file.length), random(file.length), random(300)];
    const piece = file.slice(from, Math.min(from + length, file.length - Math.max(0, to - from)));
    return concat(file.subarray(0, to), piece.subarray(0, file.length - to), file.subarray(Math.min(file.length, to + piece.length)));
  },
  (file, random) => {
    const at = random(file.length);
    return concat(file.subarray(0, at), bytesOf(random, random(20)), file.subarray(Math.min(file.length, at + random(20))));
  },
];

function bytesOf(random: RandomBelow, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random(256));
}

/** Some bytes from `start` to before `end` are changed. */
function withFlips(file: Uint8Array, random: RandomBelow, [start, end]: readonly [start: number, end: number] = [0, file.length]): Uint8Array {
  const changed = file.slice();
  for (let left = 1 + random(4); left > 0 && end > start; left--) {
    const at = start + random(end - start);
    changed[at] = random(2) === 0 ? random(256) : (changed[at] ?? 0) ^ (1 << random(8));
  }
  return changed;
}

interface Chunk {
  readonly at: number;
  readonly type: string;
  readonly payload: Uint8Array;
}

function chunksOf(file: Uint8Array): readonly Chunk[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const chunks: Chunk[] = [];
  for (let at = 8; at + 12 <= file.length && chunks.length < 10_000; ) {
    const length = view.getUint32(at);
    if (at + 12 + length > file.length) break;
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    chunks.push({ at, type, payload: file.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

/** A file of chunks with right checksums. */
function fileOf(head: Uint8Array, chunks: readonly Pick<Chunk, 'type' | 'payload'>[]): Uint8Array {
  return concat(head.subarray(0, 8), ...chunks.map(({ type, payload }) => pngChunk(type, payload)));
}

const onChunks = (change: (chunks: readonly Chunk[], random: RandomBelow) => readonly Pick<Chunk, 'type' | 'payload'>[]): Mutation => {
  return (file, random) => {
    const chunks = chunksOf(file);
    return chunks.length === 0 ? file : fileOf(file, change(chunks, random));
  };
};
const onHeader = (change: (payload: Uint8Array, random: RandomBelow) => void): Mutation => {
  return onChunks((chunks, random) => chunks.map(({ type, payload }) => {
    if (type !== 'IHDR' || payload.length !== 13) return { type, payload };
    const own = payload.slice();
    change(own, random);
    return { type, payload: own };
  }));
};
/** Changes the zlib stream of all IDAT chunks, and cuts it anew. */
const onStream = (change: (stream: Uint8Array, random: RandomBelow) => Uint8Array): Mutation => {
  return onChunks((chunks, random) => {
    const first = chunks.findIndex(({ type }) => type === 'IDAT');
    const stream = change(concat(...chunks.filter(({ type }) => type === 'IDAT').map(({ payload }) => payload)), random);
    const others = chunks.filter(({ type }) => type !== 'IDAT');
    const step = 1 + random(Math.max(1, pick([1, 10, 300, stream.length + 1], random)));
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < stream.length && pieces.length < 5_000; at += step) pieces.push(stream.subarray(at, pieces.length === 4_999 ? stream.length : at + step));
    return [...others.slice(0, Math.max(0, first)), ...pieces.map((payload) => ({ type: 'IDAT', payload })), ...others.slice(Math.max(0, first))];
  });
};

const pngMutations: readonly Mutation[] = [
  onHeader((payload, random) => {
    const side = 4 * random(2);
    payload.set(u32(tender((payload[side + 2] ?? 0) * 256 + (payload[side + 3] ?? 0), random)), side);
  }),
  onHeader((payload, random) => {
    payload[8] = pick([1, 2, 4, 8, 16, 3, 0], random);
    payload[9] = random(8);
  }),
  onHeader((payload, random) => {
    payload[10 + random(3)] = random(2);
  }),
  (file, random) => {
    const chunk = pick([...chunksOf(file), { at: 8, type: '', payload: file }], random);
    const changed = file.slice();
    const field = random(3);
    if (field === 0 && chunk.at < file.length) changed.set(u32(tender(chunk.payload.length, random)).subarray(0, file.length - chunk.at), chunk.at);
    else if (field <= 1) return withFlips(file, random, [Math.min(file.length, chunk.at + 4), Math.min(file.length, chunk.at + 8)]);
    else {
      const crc = Math.min(file.length, chunk.at + 8 + chunk.payload.length);
      return withFlips(file, random, [crc, Math.min(file.length, crc + 4)]);
    }
    return changed;
  },
  onChunks((chunks, random) => chunks.flatMap((chunk) => (random(chunks.length) > 0 ? [chunk] : random(2) === 0 ? [] : [chunk, chunk]))),
  onChunks((chunks, random) => {
    const order = [...chunks];
    const [from, to] = [random(order.length), random(order.length)];
    order.splice(to, 0, ...order.splice(from, 1));
    return order;
  }),
  onChunks((chunks, random) => chunks.flatMap((chunk) => [chunk, ...(random(3) === 0 ? [{ type: pick(['tEXt', 'IDAT', 'PLTE', 'fdAT', 'IEND', 'abCd'], random), payload: bytesOf(random, random(60)) }] : [])])),
  onStream((stream) => stream),
  onStream((stream, random) => withFlips(stream, random)),
  onStream((stream, random) => withFlips(stream, random, [0, Math.min(4, stream.length)])),
  onStream((stream, random) => concat(stream.subarray(0, stream.length - random(6)), bytesOf(random, random(9)))),
  onStream((stream, random) => deflated(withFlips(inflated(stream), random), random)),
  onStream((stream, random) => deflated(inflated(stream), random)),
  onStream((stream, random) => deflated(concat(inflated(stream).subarray(random(3)), bytesOf(random, random(3))), random)),
];

function inflated(stream: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(inflateSync(stream, { maxOutputLength: 4_000_000 }));
  } catch {
    return utf8('no stream');
  }
}

function deflated(plain: Uint8Array, random: RandomBelow): Uint8Array {
  return new Uint8Array(deflateSync(plain, { level: random(10), memLevel: 1 + random(9), strategy: random(5), windowBits: 9 + random(7) }));
}

/** A TIFF file that is being changed: its fields, as far as they can be found. */
interface Fields {
  readonly isLittle: boolean;
  readonly wide: 4 | 8;
  /** Places of fields, and of links to directories. */
  readonly fields: readonly number[];
  readonly links: readonly number[];
}

function fieldsOf(file: Uint8Array): Fields {
  const isLittle = file[0] === 0x49;
  const isBig = file[isLittle ? 2 : 3] === 43;
  const wide = isBig ? 8 : 4;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const read = (at: number): number => (at + wide > file.length ? 0 : wide === 4 ? view.getUint32(at, isLittle) : Number(view.getBigUint64(at, isLittle)));
  const links = [isBig ? 8 : 4];
  const fields: number[] = [];
  for (let i = 0; i < links.length && i < 50; i++) {
    const at = read(links[i] ?? 0);
    if (at <= 0 || at + wide > file.length) break;
    const [head, size] = isBig ? [8, 20] : [2, 12];
    const count = Math.min(300, isBig ? read(at) : view.getUint16(at, isLittle));
    for (let k = 0; k < count; k++) fields.push(at + head + k * size);
    links.push(at + head + count * size);
  }
  return { isLittle, wide, fields: fields.filter((at) => at + 20 <= file.length), links: links.filter((at) => at + wide <= file.length) };
}

function written(file: Uint8Array, at: number, { value, size, isLittle }: { readonly value: number; readonly size: number; readonly isLittle: boolean }): Uint8Array {
  const changed = file.slice();
  for (let k = 0; k < size && at + k < file.length; k++) changed[at + k] = Math.floor(value / 256 ** (isLittle ? k : size - 1 - k)) % 256;
  return changed;
}

const onField = (change: (place: Fields & { readonly at: number }, file: Uint8Array, random: RandomBelow) => Uint8Array): Mutation => {
  return (file, random) => {
    const found = fieldsOf(file);
    return found.fields.length === 0 ? withFlips(file, random) : change({ ...found, at: pick(found.fields, random) }, file, random);
  };
};
const usefulTags = [254, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 330, 338, 339, 530];
const usefulValues = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 24, 32, 64, 32_773, 32_946];

const tiffMutations: readonly Mutation[] = [
  onField(({ at, isLittle }, file, random) => written(file, at, { value: pick(usefulTags, random), size: 2, isLittle })),
  onField(({ at, isLittle }, file, random) => written(file, at + 2, { value: random(20), size: 2, isLittle })),
  onField(({ at, isLittle, wide }, file, random) => written(file, at + 4, { value: tender(1 + random(3), random), size: wide, isLittle })),
  onField(({ at, isLittle, wide }, file, random) => written(file, at + 4 + wide, { value: pick(usefulValues, random), size: random(2) === 0 ? 2 : wide, isLittle })),
  onField(({ at, isLittle, wide }, file, random) => written(file, at + 4 + wide, { value: tender(file.length, random), size: wide, isLittle })),
  onField(({ at, isLittle, wide, fields }, file, random) => written(file, at + 4 + wide, { value: pick([...fields, random(file.length + 9)], random), size: wide, isLittle })),
  onField(({ at, wide, fields }, file, random) => {
    const changed = file.slice();
    const size = wide === 8 ? 20 : 12;
    changed.copyWithin(at, pick(fields, random), pick(fields, random) + size);
    return changed;
  }),
  (file, random) => {
    const { isLittle, wide, links } = fieldsOf(file);
    const targets = [8, ...links.map((at) => at - 2), random(file.length + 9), 0];
    return links.length === 0 ? file : written(file, pick(links, random), { value: Math.max(0, pick(targets, random)), size: wide, isLittle });
  },
  (file, random) => written(file, 0, { value: pick([0x4949, 0x4d4d], random), size: 2, isLittle: false }),
  (file, random) => {
    const { fields } = fieldsOf(file);
    const first = Math.min(file.length, ...fields);
    return withFlips(file, random, [8, Math.max(9, first)]);
  },
];
