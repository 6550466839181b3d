/**
 * Lists of blocks, skeletons, manifests and entries: they come back, near copies share, strangers are refused.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ContentRef, foldRefs, isSameRef, packRefs, type PackedList, refsPerSegment, unfoldRefs, unpackRefs } from '../../client-sdk/core/block-list.js';
import { DiceError } from '../../client-sdk/core/errors.js';
import { checkName, decodeEntry, encodeEntry, mediaTypeOf } from '../../client-sdk/core/entry.js';
import { plainContent } from '../../client-sdk/core/image/content.js';
import { makeIdentity } from '../../client-sdk/core/keys/identity.js';
import { openManifest, sealManifest } from '../../client-sdk/core/keys/signed-manifest.js';
import { decodeManifest, encodeManifest, type Manifest } from '../../client-sdk/core/manifest.js';
import { cutSkeleton, foldSkeleton, pieceSizes, unfoldSkeleton } from '../../client-sdk/core/skeleton.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { concat, hexOf } from '../../client-sdk/protocol/bytes.js';
import { type AccountId, asTag, idOfBytes, type ImageId } from '../../client-sdk/protocol/ids.js';
import { maxBlocksPerImage, maxInlineSegmentBytes, maxNameBytes } from '../../client-sdk/protocol/limits.js';
import { fixedRandom } from '../support/fixed-random.js';

const randomBytes = fixedRandom('manifest.test');
const groupId = 'ab'.repeat(16);
const domains = ['personal', groupId];

/** Keeps segments in memory, under a ref that the content decides, as blocks do. */
class SegmentShelf {
  readonly contents = new Map<string, Uint8Array>();

  readonly seal = async (contents: readonly Uint8Array[]): Promise<readonly ContentRef[]> =>
    Promise.all(contents.map(async (content) => {
      const tag = asTag(await nodeProvider.sha256(content));
      this.contents.set(hexOf(tag), content);
      return { kind: 'block', tag, key: tag.slice(), domain: 'personal' };
    }));

  readonly open = (refs: readonly ContentRef[]): Promise<readonly Uint8Array[]> =>
    Promise.resolve(refs.map((ref) => (ref.kind === 'block' ? this.contents.get(hexOf(ref.tag)) : undefined) ?? new Uint8Array()));
}

function blockRef(): ContentRef {
  return { kind: 'block', tag: asTag(randomBytes(32)), key: randomBytes(32), domain: groupId };
}

function refsOf(count: number): ContentRef[] {
  return Array.from({ length: count }, (_, index) => (index % 7 === 3 ? { kind: 'inline', coded: randomBytes(1 + (index % 95)) } : blockRef()));
}

const list: PackedList = { count: 2, depth: 0, packed: packRefs([blockRef(), { kind: 'inline', coded: randomBytes(9) }], domains) };
const manifest: Manifest = {
  splitter: 'raster', params: { tilePixels: 64 }, skeleton: { kind: 'inline', bytes: randomBytes(100) }, contents: list, patches: { kind: 'inline', bytes: new Uint8Array() }, domains,
  fileHash: randomBytes(32), size: 12_345, picture: { width: 100, height: 50 }, description: 'PNG',
};

describe('a list of blocks', () => {
  it.each([0, 1, 3, 4, 31, 32, 33, 1_000, 1_024, 1_025, 3_000])('of %d contents comes back from its segments', async (count) => {
    const shelf = new SegmentShelf();
    const refs = refsOf(count);
    const folded = await foldRefs(refs, domains, shelf.seal);
    expect(folded.packed.length).toBeLessThanOrEqual(maxInlineSegmentBytes);
    expect(await unfoldRefs(folded, domains, shelf.open)).toEqual(refs);
  });

  it('shares all segments but one per level with a near copy', async () => {
    const shelf = new SegmentShelf();
    const refs = refsOf(1_000);
    await foldRefs(refs, domains, shelf.seal);
    const before = shelf.contents.size;
    await foldRefs(refs.with(500, blockRef()), domains, shelf.seal);
    expect(shelf.contents.size - before).toBe(2);
    await foldRefs(refs.with(3, blockRef()).with(501, { kind: 'inline', coded: Uint8Array.of(1) }), domains, shelf.seal);
    expect(shelf.contents.size - before).toBe(5);
  });

  it('packs to 64 bytes a block and 2 a run', () => {
    expect(packRefs(Array.from({ length: 32 }, blockRef), domains).length).toBe(32 * 64 + 2);
    expect(packRefs(Array.from({ length: 300 }, blockRef), domains).length).toBe(300 * 64 + 4);
  });

  it('gives any mixture of refs back, and nothing for a cut of it', () => {
    const inline = fc.uint8Array({ minLength: 1, maxLength: 95 }).map((coded): ContentRef => ({ kind: 'inline', coded }));
    const block = fc.tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constantFrom(...domains))
      .map(([bytes, domain]): ContentRef => ({ kind: 'block', tag: asTag(bytes), key: bytes, domain }));
    fc.assert(fc.property(fc.array(fc.oneof(inline, block), { minLength: 1, maxLength: 20 }), (refs) => {
      const packed = packRefs(refs, domains);
      const back = unpackRefs(packed, domains, refs.length);
      expect(back.every((ref, index) => refs[index] !== undefined && isSameRef(ref, refs[index]))).toBe(true);
      for (let length = 0; length < packed.length; length += 5) {
        expect(() => unpackRefs(packed.subarray(0, length), domains, refs.length)).toThrow(expect.objectContaining({ code: 'recipe-invalid' }));
      }
    }), { numRuns: 40 });
  });

  it('is read from any bytes as what packing writes, or refused', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 40 }), (bytes, count) => {
      try {
        expect(hexOf(packRefs(unpackRefs(bytes, domains, count), domains))).toBe(hexOf(bytes));
      } catch (error) {
        if (!(error instanceof DiceError) || error.code !== 'recipe-invalid') throw error;
      }
    }), { numRuns: 500 });
  });

  it('refuses segments that hold other contents or other counts than its own', async () => {
    const shelf = new SegmentShelf();
    const folded = await foldRefs(refsOf(100), domains, shelf.seal);
    const tile = () => Promise.resolve([Uint8Array.of(0x44, 0x43, 0x74, 0x69)]);
    await expect(unfoldRefs({ ...folded, count: 99 }, domains, shelf.open)).rejects.toMatchObject({ code: 'recipe-invalid' });
    await expect(unfoldRefs({ ...folded, count: 131_072 }, domains, shelf.open)).rejects.toMatchObject({ code: 'recipe-invalid' });
    const single = await foldRefs(refsOf(refsPerSegment), domains, shelf.seal);
    await expect(unfoldRefs(single, domains, tile)).rejects.toMatchObject({ code: 'recipe-invalid' });
  });

  it('refuses to name a domain that is not in the table', () => {
    expect(() => packRefs([blockRef()], ['personal'])).toThrow(RangeError);
  });
});

describe('a skeleton', () => {
  it.each([0, 1, 255, 256, 257, 1_024, 20_000, 200_000, 262_144, 262_145, 1_000_000])('of %d bytes comes back', async (length) => {
    const shelf = new SegmentShelf();
    const skeleton = randomBytes(length);
    const packed = await foldSkeleton(skeleton, domains, shelf.seal);
    expect(packed.kind).toBe(length <= maxInlineSegmentBytes ? 'inline' : 'segments');
    expect(await unfoldSkeleton(packed, domains, shelf.open)).toEqual(skeleton);
  });

  it.each([[200_000, 4_000], [4_000_000, 80_000]])('of %d bytes is cut within its bounds, and shares its pieces when its beginning grows', (length, usual) => {
    const skeleton = concat(...Array.from({ length: 10 }, () => randomBytes(length / 10)));
    const pieces = cutSkeleton(skeleton);
    expect(concat(...pieces)).toEqual(skeleton);
    const { min, max } = pieceSizes(length);
    for (const piece of pieces.slice(0, -1)) expect(piece.length >= min && piece.length <= max).toBe(true);
    expect(length / pieces.length).toBeGreaterThan(usual / 1.6);
    expect(length / pieces.length).toBeLessThan(1.6 * usual);
    const grown = new Set(cutSkeleton(concat(randomBytes(77), skeleton)).map(hexOf));
    const shared = pieces.filter((piece) => grown.has(hexOf(piece))).length;
    expect(shared / pieces.length).toBeGreaterThan(0.8);
  });

  it('cuts equal bytes at the most, and never for nothing', () => {
    const lengths = (bytes: number): readonly number[] => cutSkeleton(new Uint8Array(bytes)).map((piece) => piece.length);
    expect(lengths(0)).toEqual([]);
    expect(lengths(40_000)).toEqual([16_384, 16_384, 7_232]);
    expect(lengths(600_000)).toEqual([262_144, 262_144, 75_712]);
  });

  it('is refused where its pieces have another length', async () => {
    const shelf = new SegmentShelf();
    const packed = await foldSkeleton(randomBytes(5_000), domains, shelf.seal);
    if (packed.kind === 'inline') throw new Error('it is cut');
    for (const length of [4_999, 5_001]) {
      await expect(unfoldSkeleton({ ...packed, length }, domains, shelf.open)).rejects.toMatchObject({ code: 'recipe-invalid' });
    }
    const empty = (refs: readonly ContentRef[]) => Promise.resolve(refs.map(() => plainContent('segment', new Uint8Array())));
    await expect(unfoldSkeleton({ ...packed, list }, domains, empty)).rejects.toMatchObject({ code: 'recipe-invalid' });
  });
});

describe('a manifest', () => {
  const place = { accountId: idOfBytes<AccountId>(randomBytes(16)), imageId: idOfBytes<ImageId>(randomBytes(16)), imageKey: randomBytes(32) };
  const identity = makeIdentity(randomBytes);

  it('comes back as it was, with and without a picture', () => {
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
    expect(decodeManifest(encodeManifest({ ...manifest, picture: undefined }))).toEqual({ ...manifest, picture: undefined });
  });

  it('of an empty file has no contents', () => {
    const empty: Manifest = { ...manifest, splitter: 'bytes', contents: { count: 0, depth: 0, packed: new Uint8Array() }, size: 0, picture: undefined };
    expect(decodeManifest(encodeManifest(empty))).toEqual(empty);
  });

  it('opens for its owner’s key alone', async () => {
    const sealed = await sealManifest(nodeProvider, place, { manifest, identity, randomBytes });
    expect(await openManifest(nodeProvider, place, { sealed, ownerKey: identity.ed25519 })).toEqual(manifest);
    const eve = makeIdentity(randomBytes);
    await expect(openManifest(nodeProvider, place, { sealed, ownerKey: eve.ed25519 })).rejects.toMatchObject({ code: 'signature-invalid' });
    const forged = await sealManifest(nodeProvider, place, { manifest, identity: eve, randomBytes });
    await expect(openManifest(nodeProvider, place, { sealed: forged, ownerKey: identity.ed25519 })).rejects.toMatchObject({ code: 'signature-invalid' });
  });

  it('is refused for every cut and flipped bits of every byte of it, or says the same in canonical form', () => {
    const bytes = encodeManifest(manifest);
    const outcome = (damaged: Uint8Array): string => {
      try {
        return hexOf(encodeManifest(decodeManifest(damaged)));
      } catch (error) {
        if (error instanceof DiceError && (error.code === 'recipe-invalid' || error.code === 'sealed-invalid')) return 'refused';
        throw error;
      }
    };
    for (let length = 0; length < bytes.length; length++) expect(outcome(bytes.subarray(0, length))).toBe('refused');
    // Every third: some bit of each byte.
    for (let bit = 0; bit < 8 * bytes.length; bit += 3) {
      const damaged = bytes.slice();
      damaged[bit >>> 3] = (damaged[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      expect(['refused', hexOf(damaged)]).toContain(outcome(damaged));
    }
  });

  it('takes as many contents as an image may have, and no more', () => {
    const contents = { count: maxBlocksPerImage, depth: 3, packed: packRefs([blockRef(), blockRef(), blockRef()], domains) };
    expect(decodeManifest(encodeManifest({ ...manifest, contents }))).toMatchObject({ contents: { count: maxBlocksPerImage } });
    expect(() => encodeManifest({ ...manifest, contents: { ...contents, count: maxBlocksPerImage + 1 } })).toThrow(expect.objectContaining({ code: 'image-too-large' }));
  });
});

describe('an entry', () => {
  const entry = {
    name: 'folder/scan.tif', size: 9, type: 'image/tiff', fileHash: randomBytes(32), picture: { width: 3, height: 1 },
    modifiedAt: -1, addedAt: 1_700_000_000_000, splitter: 'raster' as const, codedBytes: 0, sentBytes: 1,
  };

  it('comes back as it was', () => {
    expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
    const bare = { ...entry, picture: undefined, modifiedAt: undefined };
    expect(decodeEntry(encodeEntry(bare))).toEqual(bare);
  });

  it.each(['a', 'x'.repeat(maxNameBytes - 1), 'x'.repeat(maxNameBytes), 'a/b\\c:d\n\t"', '..', '../../etc/passwd', '\u202etxt.exe', '日本語.png'])('keeps the name %j', (name) => {
    expect(decodeEntry(encodeEntry({ ...entry, name })).name).toBe(name);
  });

  it.each(['', 'x'.repeat(maxNameBytes + 1), 'a\0', '\ud800', '日'.repeat(267)])('refuses the name %j', (name) => {
    expect(() => { checkName(name); }).toThrow(expect.objectContaining({ code: 'name-invalid' }));
  });

  it('keeps media types in lower case, and no others', () => {
    expect(mediaTypeOf(`image/${'x'.repeat(21)}`)).toBe(`image/${'x'.repeat(21)}`);
    expect(['image/PNG', 'image/svg+xml', 'png', 'a/b/c', `image/${'x'.repeat(22)}`, 'text/html; charset=x'].map(mediaTypeOf))
      .toEqual(['image/png', 'image/svg+xml', ...Array.from({ length: 4 }, () => 'application/octet-stream')]);
  });
});
