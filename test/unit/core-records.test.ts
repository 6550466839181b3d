/**
 * Payloads of pack records: they come back as written, and nothing else is taken for one.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { concat, hexOf, utf8 } from '../../client-sdk/protocol/bytes.js';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { possessionPrefix } from '../../client-sdk/protocol/possession.js';
import { asRehash, type UploadId } from '../../client-sdk/protocol/ids.js';
import { decodeAccountRecord, encodeAccountRecord, type RecordedAccount } from '../../server/core/account-record.js';
import {
  decodeManifestRecord, decodePreviewRecord, decodeRemovalRecord, encodeManifestRecord, encodePreviewRecord, encodeRemovalRecord, markOf,
  type ManifestRecord, type RemovalRecord,
} from '../../server/core/image-record.js';
import { CorruptionError } from '../../server/ports/errors.js';

const accountId = 'a1'.repeat(16) as AccountId; // has the form of an id
const imageId = 'b2'.repeat(16) as ImageId; // has the form of an id
const recordId = new Uint8Array(16).fill(7);

function manifest(marks: number): ManifestRecord {
  return {
    recordId, accountId, imageId,
    createdAt: 1_900_000_000_123,
    wrappedKey: new Uint8Array(60).fill(1),
    entry: new Uint8Array(1_024).fill(2),
    manifest: new Uint8Array(3_000).fill(3),
    marks: Array.from({ length: marks }, (_, i) => new Uint8Array(8).fill(i)),
  };
}

function account(): RecordedAccount {
  return {
    recordId,
    writtenAt: 5,
    account: {
      accountId,
      username: 'ada',
      email: undefined,
      isOperator: true,
      kdf: { log2N: 17, r: 8, p: 1, salt: new Uint8Array(16).fill(9) },
      authHash: new Uint8Array(32).fill(1),
      recoveryHash: new Uint8Array(32).fill(2),
      wrappedAccountKey: new Uint8Array(80).fill(3),
      recoveryWrappedAccountKey: new Uint8Array(80).fill(4),
      identity: { x25519: new Uint8Array(32), ed25519: new Uint8Array(32), epoch: 1, signature: new Uint8Array(64), wrapped: new Uint8Array(90) },
      keyring: new Uint8Array(100).fill(5),
      keyringRevision: 2,
      revision: 3,
      factor: undefined,
      quotaBytes: 1_000,
      createdAt: 4,
    },
  };
}

describe('a manifest record', () => {
  it.each([0, 1, 2, 300])('comes back with %i marks', (marks) => {
    const record = manifest(marks);
    expect(decodeManifestRecord(encodeManifestRecord(record))).toEqual(record);
  });

  it('is refused when it is cut anywhere, has a byte too many or another version', () => {
    const payload = encodeManifestRecord(manifest(2));
    for (let length = 0; length < payload.length; length++) {
      expect(() => decodeManifestRecord(payload.subarray(0, length))).toThrow(CorruptionError);
    }
    expect(() => decodeManifestRecord(concat(payload, Uint8Array.of(0)))).toThrow(CorruptionError);
    const other = payload.slice();
    other[0] = 2;
    expect(() => decodeManifestRecord(other)).toThrow(CorruptionError);
  });

  it('is refused when it claims more blocks than an image may have', () => {
    const payload = encodeManifestRecord(manifest(0));
    payload.set([0, 2, 0, 1], payload.length - 4);
    expect(() => decodeManifestRecord(payload)).toThrow(CorruptionError);
  });
});

describe('the mark of a block', () => {
  const digest = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

  it('begins as T1 does, and differs between records', () => {
    const rehash = asRehash(digest(utf8('x')));
    const mark = markOf(digest, recordId, rehash);
    expect(hexOf(mark)).toBe(hexOf(concat(rehash.slice(0, 3), digest(concat(recordId, rehash)).slice(0, 5))));
    expect(markOf(digest, new Uint8Array(16), rehash).slice(3)).not.toEqual(mark.slice(3));
  });
});

describe('preview and removal records', () => {
  it('come back as written', () => {
    const preview = { accountId, imageId, manifestHash: new Uint8Array(32).fill(8), preview: new Uint8Array(500).fill(6) };
    expect(decodePreviewRecord(encodePreviewRecord(preview))).toEqual(preview);
    const removals: readonly RemovalRecord[] = [
      { kind: 'removed', accountId, imageId, at: 1_900_000_000_000 },
      { kind: 'restored', accountId, imageId, at: 0 },
      { kind: 'withdrawn', recordId },
    ];
    for (const removal of removals) expect(decodeRemovalRecord(encodeRemovalRecord(removal))).toEqual(removal);
  });

  it('are refused with an unknown kind, cut or longer', () => {
    const payload = encodeRemovalRecord({ kind: 'removed', accountId, imageId, at: 1 });
    expect(() => decodeRemovalRecord(payload.subarray(0, -1))).toThrow(CorruptionError);
    expect(() => decodeRemovalRecord(concat(payload, Uint8Array.of(0)))).toThrow(CorruptionError);
    const unknown = payload.slice();
    unknown[1] = 9;
    expect(() => decodeRemovalRecord(unknown)).toThrow(CorruptionError);
  });
});

describe('an account record', () => {
  it('comes back as written, with and without optional members', () => {
    const full = account();
    expect(decodeAccountRecord(encodeAccountRecord(full))).toEqual(full);
    const bare = { ...full, account: { ...full.account, quotaBytes: undefined, email: 'ada@example.org' } };
    expect(decodeAccountRecord(encodeAccountRecord(bare))).toEqual(bare);
  });

  it('keeps a second factor that is on, in a form that older programs refuse, and none that waits', () => {
    const factor = { secret: new Uint8Array(20).fill(6), isOn: true, usedStep: 12, codeHashes: new Uint8Array(64).fill(7) };
    const holding = (held: typeof factor): RecordedAccount => ({ ...account(), account: { ...account().account, factor: held } });
    const payload = encodeAccountRecord(holding(factor));
    expect(decodeAccountRecord(payload)).toEqual(holding(factor));
    const text = new TextDecoder().decode(payload);
    expect(text).toContain('"format":"dice account 2"');
    expect(() => decodeAccountRecord(utf8(text.replace('dice account 2', 'dice account 1')))).toThrow(CorruptionError);
    expect(() => decodeAccountRecord(encodeAccountRecord(holding({ ...factor, codeHashes: new Uint8Array(33) })))).toThrow(CorruptionError);
    expect(decodeAccountRecord(encodeAccountRecord(holding({ ...factor, isOn: false })))).toEqual(account());
    expect(new TextDecoder().decode(encodeAccountRecord(account()))).toContain('"format":"dice account 1"');
  });

  it('is refused with an unknown member, another format or bytes that are no text', () => {
    const text = new TextDecoder().decode(encodeAccountRecord(account()));
    const bad = ['{}', text.replace('dice account 1', 'dice account 2'), text.replace('{', '{"more":1,'), text.slice(1), '[]', ''];
    for (const one of bad) expect(() => decodeAccountRecord(utf8(one))).toThrow(CorruptionError);
    expect(() => decodeAccountRecord(Uint8Array.of(0xff, 0xfe))).toThrow(CorruptionError);
  });
});

describe('the prefix of a proof of possession', () => {
  it('has every field with its length before it', () => {
    const rehash = asRehash(createHash('sha256').update('x').digest());
    const prefix = possessionPrefix({ serverId: '00'.repeat(16), accountId, uploadId: 'c3'.repeat(16) as UploadId, rehash }, 258);
    const expected = `0000000a${hexOf(utf8('dice/1/pop'))}00000010${'00'.repeat(16)}00000010${'a1'.repeat(16)}00000010${'c3'.repeat(16)}00000020${hexOf(rehash)}00000102`;
    expect(hexOf(prefix)).toBe(expected);
  });
});
