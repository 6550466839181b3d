/**
 * Lies about bytes that stand in JSON as base64url: sealed objects, part by part (SPEC.md section 8), and bytes of no form.
 */
import { base64Of, bytesOfBase64, concat } from '../../client-sdk/protocol/bytes.js';

/** A changed text, and what was done. */
export interface ChangedText {
  readonly kind: string;
  readonly text: string;
}

const tagBytes = 16;
/** Where each part of a sealed object begins. */
const parts: readonly (readonly [name: string, start: number, end: number])[] = [
  ['magic', 0, 4], ['suite', 4, 5], ['purpose', 5, 6], ['key id', 6, 14], ['nonce', 14, 26], ['commitment', 26, 58],
];

/** Is it a sealed object? */
export function isSealed(bytes: Uint8Array): boolean {
  return bytes.length >= 58 + tagBytes && Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'DSO1';
}

/** The bytes with one bit changed. */
export function withFlip(bytes: Uint8Array, at: number, bit = 1): Uint8Array<ArrayBuffer> {
  const flipped = Uint8Array.from(bytes);
  flipped[at] = (flipped[at] ?? 0) ^ bit;
  return flipped;
}

/** Bytes with a bit changed in every part, cut and extended. */
export function changedSealed(bytes: Uint8Array): readonly (readonly [kind: string, bytes: Uint8Array])[] {
  const end = bytes.length - tagBytes;
  const all = [...parts, ['ciphertext', 58, end] as const, ['tag', end, bytes.length] as const].filter(([, start, stop]) => stop > start);
  return [
    ...all.map(([name, start]) => [`sealed ${name} flipped`, withFlip(bytes, start)] as const),
    ...all.map(([name, , stop]) => [`sealed ${name} flipped`, withFlip(bytes, stop - 1, 0x80)] as const),
    ...[0, 1, 57, 58, 73, bytes.length - 1].map((length) => ['sealed cut', bytes.subarray(0, length)] as const),
    ['sealed extended', concat(bytes, Uint8Array.of(0))],
    ['sealed extended', concat(bytes, bytes)],
    ['sealed of another purpose', concat(bytes.subarray(0, 5), Uint8Array.of(((bytes[5] ?? 0) % 12) + 1), bytes.subarray(6))],
  ];
}

/** Texts that stand for other bytes, or for none. */
export function changedBlobs(text: string): readonly ChangedText[] {
  const bytes = bytesOfBase64(text) ?? new Uint8Array();
  const changed = isSealed(bytes)
    ? changedSealed(bytes)
    : ([['blob flipped', withFlip(bytes, 0)], ['blob flipped', withFlip(bytes, bytes.length - 1, 0x80)], ['blob cut', bytes.subarray(0, -1)], ['blob extended', concat(bytes, Uint8Array.of(1))]] as const);
  return [
    ...changed.map(([kind, other]) => ({ kind, text: base64Of(other) })),
    { kind: 'base64 of another form', text: `${text}=` },
    { kind: 'base64 of another form', text: `+${text.slice(1)}` },
    { kind: 'base64 of another form', text: ` ${text}` },
  ];
}
