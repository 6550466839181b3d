/**
 * server/THREATS.md names a proof for each threat, and every lie that no client notices has a row. The guard is tested on what it must refuse.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { knownOpen } from '../support/known-open.js';
import { namedIn, rowsOf, threatFaults } from './threats.js';

const root = new URL('../../../', import.meta.url);
const folders = ['architecture', 'browser', 'compat', 'contract', 'fault', 'integration', 'long', 'property', 'unit'];
const tests = new Set(folders.flatMap((folder) => readdirSync(new URL(`test/${folder}/`, root)).filter((file) => file.endsWith('.test.ts')).map((file) => `${folder}/${file.replace(/\.test\.ts$/, '')}`)));
const text = readFileSync(new URL('server/THREATS.md', root), 'utf8');

describe('THREATS.md', () => {
  it('says in each row who suffers, what stands against it, and a proof that is in the tree', () => {
    expect(rowsOf(text).length).toBeGreaterThan(80);
    expect(threatFaults(text, tests)).toEqual([]);
  });

  it('has a row for each lie that no client notices yet', () => {
    const attacks = rowsOf(text).map(({ cells }) => cells[0] ?? '');
    expect(knownOpen.filter((lie) => !attacks.some((attack) => attack.startsWith(lie)))).toEqual([]);
  });

  it.each([
    ['no test of that name', '| a | b | c | `integration/no-such-test` |', 'a: there is no test integration/no-such-test'],
    ['a test of another folder', '| a | b | c | `long/privacy` |', 'a: there is no test long/privacy'],
    ['a test and one that is not there', '| a | b | c | `integration/privacy`, `fault/privacy` |', 'a: there is no test fault/privacy'],
    ['what is no test', '| a | b | c | `bench/small` |', 'a: there is no test bench/small'],
    ['a name without its folder', '| a | b | c | `privacy` |', 'a: the proof is neither a test nor the word none with a reason'],
    ['a figure alone', '| a | b | c | 100 % of 9 photographs: bench |', 'a: the proof is neither a test nor the word none with a reason'],
    ['none, and no reason', '| a | b | c | none |', 'a: the proof is neither a test nor the word none with a reason'],
    ['nobody who suffers', '| a | | c | `integration/privacy` |', 'a: nothing is said of who suffers'],
    ['three cells', '| a | b | `integration/privacy` |', 'a: 3 cells, where attack, who suffers, defence and proof are four'],
  ])('is refused with a row that has %s', (_, row, fault) => {
    expect(threatFaults(`| attack | who suffers | defence | proof |\n|---|---|---|---|\n${row}\n`, tests)).toEqual([fault]);
  });

  it('is read row by row', () => {
    expect(threatFaults('| attack | who suffers | defence | proof |\n|---|---|---|---|\n| a | b | c | none: nobody can tell it from honest work |', tests)).toEqual([]);
    expect(namedIn('`integration/one` (of two), `long/two`; 5 % of `personal`')).toEqual(['integration/one', 'long/two']);
  });
});
