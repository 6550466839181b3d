/**
 * The body of commits: it comes back as it was, has the length that follows from its parts, and any deviation is refused.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { bodyOverheadBytes, type Commit, commitOverheadBytes, decodeCommits, encodeCommits } from '../../client-sdk/protocol/commit-body.js';
import { idOfBytes } from '../../client-sdk/protocol/ids.js';
import {
  hashBytes, maxBlocksPerImage, maxCommitsPerRequest, maxEntryBytes, maxManifestBytes, maxPreviewBytes, maxWrappedKeyBytes,
} from '../../client-sdk/protocol/limits.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';

const refusal = expect.objectContaining({ code: 'request-invalid' });
const unseen: Commit = {
  imageId: idOfBytes(Uint8Array.from({ length: 16 }, (_, i) => 0xf0 + i)),
  wrappedKey: Uint8Array.of(1, 2, 3), entry: Uint8Array.of(4, 5), manifest: Uint8Array.of(6), tags: new Uint8Array(2 * hashBytes).fill(9),
};
const commit: Commit = { ...unseen, preview: Uint8Array.of(7, 8) };
const blob = (min: number) => fc.uint8Array({ minLength: min, maxLength: 40 });
const anyCommit = fc.record({
  imageId: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes): Commit['imageId'] => idOfBytes(bytes)),
  wrappedKey: blob(1), entry: blob(1), manifest: blob(1), preview: blob(1), tags: fc.integer({ min: 0, max: 3 }).map((count) => new Uint8Array(count * hashBytes).fill(count)),
}, { requiredKeys: ['imageId', 'wrappedKey', 'entry', 'manifest', 'tags'] });

/** Where a length stands in the body of one commit, in how many bytes, and its limits. */
const fields = [
  { name: 'wrappedKey', at: 21, width: 2, min: 1, max: maxWrappedKeyBytes, unit: 1 },
  { name: 'entry', at: 23, width: 2, min: 1, max: maxEntryBytes, unit: 1 },
  { name: 'manifest', at: 25, width: 4, min: 1, max: maxManifestBytes, unit: 1 },
  { name: 'preview', at: 29, width: 4, min: 0, max: maxPreviewBytes, unit: 1 },
  { name: 'tags', at: 33, width: 4, min: 0, max: maxBlocksPerImage, unit: hashBytes },
] as const;
type Field = (typeof fields)[number];

/** The body of a commit that tells `length` of one part and has as much. */
function bodyWith({ name, at, width, unit }: Field, length: number): Uint8Array {
  const head = encodeCommits([commit]).slice(0, bodyOverheadBytes + commitOverheadBytes);
  for (let i = 0; i < width; i++) head[at + i] = Math.floor(length / 256 ** (width - 1 - i)) & 255;
  const part = new Uint8Array(length * unit);
  return concat(head, ...fields.map((field) => (field.name === name ? part : commit[field.name] ?? part)));
}

describe('a body of commits', () => {
  it('comes back as it was, and is the only body of its commits', () => {
    fc.assert(fc.property(fc.array(anyCommit, { maxLength: 5 }), (commits) => {
      const body = encodeCommits(commits);
      expect(decodeCommits(body)).toEqual(commits);
      expect(encodeCommits(decodeCommits(body))).toEqual(body);
    }), { numRuns: 100 });
  });

  it('is written as the specification shows', () => {
    expect(Buffer.from(encodeCommits([{ ...unseen, tags: new Uint8Array() }])).toString('hex'))
      .toBe('4443423101 f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff 0003 0002 00000001 00000000 00000000 010203 0405 06'.replaceAll(' ', ''));
  });

  it('has the overhead that is announced', () => {
    expect(encodeCommits([]).length).toBe(bodyOverheadBytes);
    expect(encodeCommits([commit, unseen]).length).toBe(bodyOverheadBytes + 2 * (commitOverheadBytes + 3 + 2 + 1 + 64) + 2);
  });

  it('is refused when it is cut anywhere, and when a byte follows', () => {
    const body = encodeCommits([commit, unseen]);
    for (let length = 0; length < body.length; length++) expect(() => decodeCommits(body.subarray(0, length))).toThrow(refusal);
    expect(() => decodeCommits(concat(body, Uint8Array.of(0)))).toThrow(refusal);
    expect(() => decodeCommits(concat(encodeCommits([]), Uint8Array.of(0)))).toThrow(refusal);
  });

  it('is refused under another magic, and with another count than it has', () => {
    for (const at of [0, 1, 2, 3]) expect(() => decodeCommits(encodeCommits([commit]).map((byte, i) => (i === at ? byte ^ 1 : byte)))).toThrow(refusal);
    for (const count of [0, 2, 255]) expect(() => decodeCommits(encodeCommits([commit]).fill(count, 4, 5))).toThrow(refusal);
  });

  it.each([[0, true], [1, true], [maxCommitsPerRequest - 1, true], [maxCommitsPerRequest, true], [maxCommitsPerRequest + 1, false]])('of %d commits is taken: %p', (count, isTaken) => {
    const one = encodeCommits([commit]);
    const body = concat(one.subarray(0, 4), Uint8Array.of(count), ...Array.from({ length: count }, () => one.subarray(bodyOverheadBytes)));
    const commits = Array.from({ length: count }, () => commit);
    if (isTaken) expect(decodeCommits(body)).toHaveLength(count);
    else expect(() => decodeCommits(body)).toThrow(refusal);
    if (isTaken) expect(encodeCommits(commits)).toEqual(body);
    else expect(() => encodeCommits(commits)).toThrow(RangeError);
  });

  it('is read from any bytes after its magic as commits, or refused', () => {
    const start = encodeCommits([]).subarray(0, 4);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      const body = concat(start, bytes);
      try {
        expect(encodeCommits(decodeCommits(body))).toEqual(body);
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== 'request-invalid') throw error;
      }
    }), { numRuns: 500 });
  });
});

describe('a part of a commit', () => {
  const rows = fields.flatMap((field) => [0, 1, field.max - 1, field.max, field.max + 1].map((length) => ({ field, name: field.name, length })));

  it.each(rows)('$name of $length is taken within its limits alone', ({ field, length }) => {
    const body = bodyWith(field, length);
    if (length < field.min || length > field.max) {
      expect(() => decodeCommits(body)).toThrow(refusal);
      return;
    }
    const [made] = decodeCommits(body);
    expect(made?.[field.name]?.length ?? 0).toBe(length * field.unit);
    expect(made === undefined ? 0 : Buffer.compare(encodeCommits([made]), body)).toBe(0);
  });

  it.each(fields)('$name is not read beyond the end, whatever length it tells', ({ at, width }) => {
    const body = encodeCommits([commit]);
    expect(() => decodeCommits(body.fill(255, at, at + width))).toThrow(refusal);
  });

  it.each(fields)('$name above its limit is not written', ({ name, max, unit }) => {
    expect(() => encodeCommits([{ ...commit, [name]: new Uint8Array((max + 1) * unit) }])).toThrow(RangeError);
  });

  it('that is empty or no whole number of tags is not written', () => {
    for (const name of ['wrappedKey', 'entry', 'manifest', 'preview']) expect(() => encodeCommits([{ ...commit, [name]: new Uint8Array() }])).toThrow(RangeError);
    expect(() => encodeCommits([{ ...commit, tags: new Uint8Array(33) }])).toThrow(RangeError);
    expect(() => encodeCommits([{ ...commit, imageId: 'F'.repeat(32) as Commit['imageId'] }])).toThrow(RangeError); // the lie itself
  });
});
