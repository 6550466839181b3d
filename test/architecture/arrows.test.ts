/**
 * The arrow table holds for every file of the tree, and the guard itself refuses what it must.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { violations } from './arrows.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function tree(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const folder of ['client-sdk', 'server', 'views', 'bench', 'test']) {
    for (const name of readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.ts')) files.set(path.posix.join(folder, name), readFileSync(path.join(root, folder, name), 'utf8'));
    }
  }
  return files;
}

const refused: readonly (readonly [string, string, string, RegExp])[] = [
  ['the server importing a key', 'server/core/a.ts', "import { x } from '../../client-sdk/core/block.js';", /server\/core may not import core/],
  ['a cipher package in the server', 'server/core/a.ts', "import { gcm } from '@noble/ciphers/aes.js';", /package @noble\/ciphers/],
  ['a type import across', 'server/ports/a.ts', "import type { X } from '../core/a.js';", /ports may not import server\/core/],
  ['an import type', 'client-sdk/protocol/a.ts', "type X = import('../core/a.js').X;", /protocol may not import core/],
  ['a bare import of a module', 'client-sdk/core/a.ts', "import 'node:fs';", /package node:fs/],
  ['a computed import', 'client-sdk/core/a.ts', 'export const x = (name: string) => import(name);', /computes what it imports/],
  ['a re-export', 'server/storage/sqlite/a.ts', "export { x } from '../packs/block-store.js';", /may not import storage\/packs/],
  ['the clock in core', 'client-sdk/core/a.ts', 'export const x = Date.now();', /Date\.now/],
  ['a new date in core', 'server/core/a.ts', 'export const x = new Date();', /new Date/],
  ['randomness in core', 'server/core/a.ts', 'export const x = Math.random();', /Math\.random/],
  ['the environment in core', 'server/core/a.ts', 'export const x = process.env;', /process/],
  ['a timer in core', 'server/core/a.ts', 'setTimeout(() => 1, 5);', /setTimeout/],
  ['the metrics package in the rules', 'server/core/a.ts', "import { Counter } from 'prom-client';", /package prom-client/],
  ['the metrics package below http', 'server/http/a.ts', "import { Counter } from 'prom-client';", /package prom-client/],
  ['the rules importing what measures them', 'server/core/a.ts', "import { openMetrics } from '../metrics/metrics.js';", /server\/core may not import server\/metrics/],
  ['what measures importing the rules', 'server/metrics/a.ts', "import type { Parts } from '../core/contract.js';", /server\/metrics may not import server\/core/],
  ['a file outside all layers', 'elsewhere/a.ts', 'export const x = 1;', /no layer/],
];

describe('arrows between layers', () => {
  it('hold for every file, without cycles', () => {
    const files = tree();
    expect(files.size).toBeGreaterThan(20);
    expect(violations(files)).toEqual([]);
  });

  it.each(refused)('refuse %s', (...row) => {
    const [, file, text, why] = row;
    expect(violations(new Map([[file, text]])).join('\n')).toMatch(why);
  });

  it('refuse a cycle, even of types', () => {
    const files = new Map([
      ['server/core/a.ts', "import type { B } from './b.js';"],
      ['server/core/b.ts', "import type { A } from './a.js';"],
    ]);
    expect(violations(files).join('\n')).toMatch(/cycle: server\/core\/a\.ts -> server\/core\/b\.ts -> server\/core\/a\.ts/);
  });

  it('let a member or a parameter share a name with the world', () => {
    const text = 'export const f = (fetch: () => number, x: { process: number }) => fetch() + x.process;';
    expect(violations(new Map([['server/core/a.ts', text]]))).toEqual([]);
  });
});
