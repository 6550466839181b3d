/**
 * server/THREATS.md names a proof for each threat; a test that is named there and is not in the tree is no proof.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

/** What stands in the same type and is no test. */
const otherWords = new Set(['personal', 'open', 'keys']);
const root = new URL('../../../', import.meta.url);
const folders = ['architecture', 'browser', 'compat', 'contract', 'fault', 'integration', 'long', 'property', 'unit'];
const tests = new Set(folders.flatMap((folder) => readdirSync(new URL(`test/${folder}/`, root)).map((file) => `${folder}/${file.replace(/\.test\.ts$/, '')}`)));

/** Names in the last column: `folder/name`, `name` (of the folder before it), or a whole path. */
function namedTests(text: string): readonly string[] {
  const proofs = text.split('\n').filter((line) => line.startsWith('|')).map((line) => line.split('|').at(-2) ?? '');
  return proofs.flatMap((proof) => [...proof.matchAll(/`(?:test\/)?([a-z]+\/)?([a-z0-9-]+)(?:\.test\.ts)?`/g)].map(([, folder, name]) => `${folder ?? ''}${name ?? ''}`));
}

function isThere(name: string): boolean {
  return name.includes('/') ? tests.has(name) : [...tests].some((test) => test.endsWith(`/${name}`));
}

describe('THREATS.md', () => {
  const named = namedTests(readFileSync(new URL('server/THREATS.md', root), 'utf8'));

  it('names tests that are in the tree', () => {
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !isThere(name) && !otherWords.has(name))).toEqual([]);
  });

  it('would miss one that is not', () => {
    expect(isThere('integration/no-such-test')).toBe(false);
    expect(namedTests('| a | b | `integration/one`, `two` |')).toEqual(['integration/one', 'two']);
  });
});
