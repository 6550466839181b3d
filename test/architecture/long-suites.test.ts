/**
 * test/support/long-time.ts says of each suite of test/long what bounds it; one that it does not name is bounded by nobody knows what.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const tests = new URL('../../../test/', import.meta.url);

it('every suite of test/long has its bound told in one place', () => {
  const header = readFileSync(new URL('support/long-time.ts', tests), 'utf8').split('*/')[0] ?? '';
  const named = new Set([...header.matchAll(/[a-z-]+/g)].map(([word]) => word));
  const suites = readdirSync(new URL('long/', tests)).map((file) => file.replace(/\.test\.ts$/, ''));
  expect(suites.length).toBeGreaterThan(10);
  expect(suites.filter((suite) => !named.has(suite))).toEqual([]);
});
