/**
 * What is kept of equalised pictures, and what becomes of a file when the search or the coding by levels fails.
 */
import { describe, expect, it } from '@jest/globals';
import type { GreyPicture } from '../../client-sdk/core/image/equalised-picture.js';
import { Equalisations } from '../../client-sdk/equalisations.js';
import { localTasks } from '../../client-sdk/local-tasks.js';
import { openDomain } from '../../client-sdk/core/domain.js';
import { nodeTools } from '../../client-sdk/node/node-tools.js';
import { equalisedTile } from '../support/equalised-tiles.js';

const found = { cellWidth: 8, cellHeight: 8, across: 8, down: 8, maps: new Uint8Array(64 * 256), width: 64 };

function grey(first: number, height = 64): GreyPicture {
  const values = new Uint8Array(64 * height);
  values[0] = first;
  return { values, width: 64, height };
}

function counted(): { readonly equalisations: Equalisations; readonly searched: number[] } {
  const searched: number[] = [];
  const equalisations = new Equalisations(nodeTools.crypto, ({ values }) => {
    searched.push(values[0] ?? -1);
    return { ...found, levels: values };
  });
  return { equalisations, searched };
}

describe('equalisations', () => {
  it('are searched once for the same picture, whatever held it, and again for another', async () => {
    const { equalisations, searched } = counted();
    const first = await equalisations.find(grey(1));
    expect(await equalisations.find(grey(1))).toBe(first);
    await equalisations.find(grey(2));
    await equalisations.find({ values: grey(1).values, width: 32, height: 128 });
    expect(searched).toEqual([1, 2, 1]);
  });

  it('are forgotten when they were not asked for lately, and all at the end', async () => {
    const { equalisations, searched } = counted();
    const large = 131_072 / 2;
    for (const first of [1, 2, 1, 3, 2]) await equalisations.find(grey(first, large));
    expect(searched).toEqual([1, 2, 3, 2]);
    equalisations.clear();
    await equalisations.find(grey(2, large));
    expect(searched).toEqual([1, 2, 3, 2, 2]);
  });

  it('are none where the search runs out of memory, and no other failure is hidden', async () => {
    const failing = (error: Error): Equalisations => new Equalisations(nodeTools.crypto, () => { throw error; });
    expect(await failing(new RangeError('Array buffer allocation failed')).find(grey(1))).toBeUndefined();
    await expect(failing(new TypeError('a mistake')).find(grey(1))).rejects.toThrow('a mistake');
  });
});

describe('a tile whose levels are of no use', () => {
  it('is sealed by its values', async () => {
    const { content, equalisation } = equalisedTile({ width: 64, height: 64 }, { cellWidth: 40, cellHeight: 33, phaseX: 70, phaseY: 9 });
    const fingerprint = await nodeTools.crypto.sha256(content);
    const seal = (more: object): Promise<unknown> => localTasks(nodeTools).seal({ domain: openDomain, contents: [{ content, fingerprint, ...more }] }, undefined);
    const plain = await seal({});
    expect(await seal({ equalisation })).not.toEqual(plain);
    expect(await seal({ equalisation: { ...equalisation, levels: new Uint8Array(64 * 65) } })).toEqual(plain);
    expect(await seal({ equalisation: { ...equalisation, grid: { ...equalisation.grid, cellWidth: 1 } } })).toEqual(plain);
  });
});
