/**
 * test/support/long-time.ts says of each suite of test/long what bounds it; one that it does not name is bounded by nobody knows what.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const tests = new URL('../../../test/', import.meta.url);

it('every suite of test/long has its bound told in one place, once, and no other has', () => {
  const [header = ''] = readFileSync(new URL('support/long-time.ts', tests), 'utf8').split('*/');
  const [, rows = ''] = header.split(/^ \* {3}suite +bounded by$/m);
  const named = [...rows.matchAll(/^ \* {3}([a-z-]+(?:, [a-z-]+)*) {2,}\S/gm)].flatMap(([, names = '']) => names.split(', '));
  const suites = readdirSync(new URL('long/', tests)).map((file) => file.replace(/\.test\.ts$/, ''));
  expect(suites.length).toBeGreaterThan(10);
  expect(named.sort()).toEqual(suites.sort());
});
