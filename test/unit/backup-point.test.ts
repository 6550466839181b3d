/**
 * The list of a point of a backup: it is read as it was written, and refused where anything of it is another. The restore epoch beside it.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { textOf, utf8 } from '../../client-sdk/protocol/bytes.js';
import { raiseRestoreEpoch, restoreEpoch } from '../../server/core/restore-epoch.js';
import { decodePoint, encodePoint, isPointId, packOf, pointId, type Point } from '../../server/backup/point.js';

const sha256 = 'ab'.repeat(32);
const names = ['packs/pack-0000000002.dice', 'dice.db', 'store-key', 'salt-key', 'packs/mark', 'dice-store.json', 'packs/pack-0000000001.dice'];
const point: Point = {
  id: '20260102T030405006Z', at: 1_767_323_045_006, storeId: '1'.repeat(32), serverId: '2'.repeat(32), generation: 7, epoch: 1, isHeld: false,
  files: names.map((name, index) => ({ name, bytes: index, sha256 })),
};

/** A list with this first line and the hash that belongs to it. */
function listOf(line: string): Uint8Array {
  return utf8(`${line}\n${createHash('sha256').update(line).digest('hex')}\n`);
}

function changed(members: object): Uint8Array {
  const [line = ''] = textOf(encodePoint(point))?.split('\n') ?? [];
  return listOf(JSON.stringify({ ...(JSON.parse(line) as object), ...members }));
}

describe('the list of a point', () => {
  it('is read as it was written, files in the order of their names', () => {
    const decoded = decodePoint(encodePoint(point));
    expect(decoded).toEqual({ ...point, files: [...point.files].sort((a, b) => (a.name < b.name ? -1 : 1)) });
    expect(encodePoint(decoded ?? point)).toEqual(encodePoint(point));
  });

  it('is refused with any byte of it changed, cut or added', () => {
    const bytes = encodePoint(point);
    for (let at = 0; at < bytes.length; at++) {
      const other = bytes.slice();
      other[at] = (other[at] ?? 0) ^ 1;
      expect([at, decodePoint(other)]).toEqual([at, undefined]);
    }
    for (const cut of [0, 1, bytes.length - 1]) expect(decodePoint(bytes.subarray(0, cut))).toBeUndefined();
    expect(decodePoint(utf8(`${textOf(bytes) ?? ''}\n`))).toBeUndefined();
  });

  it.each([
    ['a file outside', { files: [...point.files, { name: '../secret', bytes: 1, sha256 }] }],
    ['a pack outside', { files: [...point.files, { name: 'packs/../../pack-0000000001.dice', bytes: 1, sha256 }] }],
    ['a name twice', { files: [...point.files, point.files[0]] }],
    ['no index', { files: point.files.filter(({ name }) => name !== 'dice.db') }],
    ['no mark', { files: point.files.filter(({ name }) => name !== 'packs/mark') }],
    ['a length below 0', { files: point.files.map((file) => ({ ...file, bytes: -1 })) }],
    ['a hash that is none', { files: point.files.map((file) => ({ ...file, sha256: 'ab' })) }],
    ['files that are no list', { files: 7 }],
    ['another format', { format: 2 }],
    ['an id that is a path', { id: '../20260102T030405006Z' }],
    ['a member of another type', { generation: '7' }],
    ['a member too many', { also: 1 }],
    ['files in another order', { files: [...point.files].sort((a, b) => (a.name > b.name ? -1 : 1)) }],
  ])('is refused with %s, though its hash is right', (_what, members) => {
    expect(decodePoint(changed({}))).toBeDefined();
    expect(decodePoint(changed(members))).toBeUndefined();
  });

  it('is refused where it is no object', () => {
    for (const line of ['', 'null', '[]', '7', '{']) expect(decodePoint(listOf(line))).toBeUndefined();
  });

  it('names points by their time and packs by their number', () => {
    expect(pointId(1_767_323_045_006)).toBe('20260102T030405006Z');
    expect(isPointId(pointId(4_102_444_799_999))).toBe(true);
    expect(isPointId('20260102T030405006Z/..')).toBe(false);
    expect(packOf({ name: 'packs/pack-0000000042.dice' })).toBe(42);
    expect(packOf({ name: 'packs/mark' })).toBeUndefined();
    expect(packOf({ name: 'pack-0000000042.dice' })).toBeUndefined();
  });
});

describe('the restore epoch', () => {
  const stateWith = (value?: string) => {
    const values = new Map(value === undefined ? [] : [['restore-epoch', value]]);
    return { read: (name: string) => Promise.resolve(values.get(name)), write: (name: string, text: string) => Promise.resolve(void values.set(name, text)) };
  };

  it('is 0 where nothing is noted, and grows with its time', async () => {
    const state = stateWith();
    expect(await restoreEpoch(state)).toEqual({ epoch: 0, at: 0 });
    await raiseRestoreEpoch(state, 5_000);
    await raiseRestoreEpoch(state, 9_000);
    expect(await restoreEpoch(state)).toEqual({ epoch: 2, at: 9_000 });
    expect(await state.read('restore-epoch')).toBe('{"epoch":2,"at":9000}');
  });

  it.each(['', '{', 'null', '{"epoch":-1,"at":1}', '{"epoch":1}', '{"epoch":"1","at":1}'])('takes %j for nothing noted', async (text) => {
    expect(await restoreEpoch(stateWith(text))).toEqual({ epoch: 0, at: 0 });
  });
});
