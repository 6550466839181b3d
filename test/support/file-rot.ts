/**
 * Damage as disks, cables and people do it, to one file or a folder of packs, at places that a seed chooses. Says in words what it did.
 */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A whole number below `bound`. */
export type Below = (bound: number) => number;

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed: number): Below {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

type FileRot = (bytes: Buffer, below: Below) => Buffer;

function overwritten(bytes: Buffer, below: Below, length: number): Buffer {
  const copy = Buffer.from(bytes);
  const from = below(Math.max(1, copy.length - length + 1));
  for (let at = from; at < Math.min(copy.length, from + length); at++) copy[at] = below(256);
  return copy;
}

/** Kinds of damage to one file. */
export const fileRots = {
  'one bit flipped': (bytes, below) => {
    const copy = Buffer.from(bytes);
    const at = below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << below(8));
    return copy;
  },
  '512 B overwritten': (bytes, below) => overwritten(bytes, below, 512),
  '64 KiB overwritten': (bytes, below) => overwritten(bytes, below, 65_536),
  'the end cut off': (bytes, below) => bytes.subarray(0, bytes.length - 1 - below(Math.max(1, Math.floor(bytes.length / 2)))),
  'a region cut out': (bytes, below) => {
    const [from, length] = [below(bytes.length), 1 + below(Math.max(1, Math.floor(bytes.length / 4)))];
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)]);
  },
  'a region twice': (bytes, below) => {
    const [from, length] = [below(bytes.length), 1 + below(Math.max(1, Math.floor(bytes.length / 4)))];
    return Buffer.concat([bytes.subarray(0, from + length), bytes.subarray(from)]);
  },
  'all zeros': (bytes) => Buffer.alloc(bytes.length),
  'nothing left of it': () => Buffer.alloc(0),
} as const satisfies Readonly<Record<string, FileRot>>;
export type FileRotKind = keyof typeof fileRots;
export const fileRotKinds = Object.keys(fileRots) as readonly FileRotKind[]; // Object.keys widens.

/** Kinds of damage to the folder as a whole. */
export const folderRotKinds = ['two swapped', 'one deleted'] as const;
export type RotKind = FileRotKind | (typeof folderRotKinds)[number];

/** Damages the file at `file`. */
export function rotFile(file: string, kind: FileRotKind, below: Below): string {
  const bytes = readFileSync(file);
  if (bytes.length > 0) writeFileSync(file, fileRots[kind](bytes, below));
  return `${path.basename(file)}: ${kind}`;
}

/** Flips one bit, in the middle of the file unless told where; once more puts it right. */
export function flip(file: string, at?: number): void {
  const bytes = readFileSync(file);
  const place = at ?? Math.floor(bytes.length / 2);
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

/** Damages one pack of `folder`, or two. */
export function rotPacks(folder: string, kind: RotKind, below: Below): string {
  const names = readdirSync(folder).filter((name) => name.endsWith('.dice')).sort();
  const [one, other] = [below(names.length), below(names.length - 1)];
  const [first, second] = [path.join(folder, names[one] ?? ''), path.join(folder, names[other < one ? other : other + 1] ?? '')];
  if (kind === 'two swapped') {
    for (const [from, to] of [[first, `${first}.x`], [second, first], [`${first}.x`, second]] as const) renameSync(from, to);
    return `${path.basename(first)} and ${path.basename(second)} swapped`;
  }
  if (kind !== 'one deleted') return rotFile(first, kind, below);
  rmSync(first);
  return `${path.basename(first)} deleted`;
}
