/**
 * Packages that are not ours: pinned, justified, of known licences, and without scripts at installation. The guard is tested on what it must refuse.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { licenceOf } from '../support/licence-of.js';
import { type LockedPackage, lockFaults, type Manifest, manifestFaults } from './packages.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const textOf = (name: string): string => readFileSync(path.join(root, name), 'utf8');
// As npm writes them.
const manifest = JSON.parse(textOf('package.json')) as Manifest;
const { packages } = JSON.parse(textOf('package-lock.json')) as { readonly packages: Readonly<Record<string, LockedPackage>> };
const changelog = textOf('CHANGELOG.md');

describe('package.json', () => {
  it('pins every package exactly, and CHANGELOG.md says of each why it is here', () => {
    expect(manifestFaults(manifest, changelog)).toEqual([]);
  });

  it.each([
    ['a range', { express: '^5.3.0' }, /express is not pinned: \^5\.3\.0/],
    ['a tag', { express: 'latest' }, /express is not pinned/],
    ['an address', { express: 'git+https://example.org/express.git' }, /express is not pinned/],
    ['a package without a reason', { 'left-pad': '1.0.0' }, /does not say why left-pad is here/],
  ])('is refused with %s', (...row) => {
    const [, dependencies, why] = row;
    expect(manifestFaults({ ...manifest, dependencies: { ...manifest.dependencies, ...(dependencies as Record<string, string>) } }, changelog).join('\n')).toMatch(why); // each row has its own member
  });

  it('is refused where a reason outlived its package', () => {
    const dependencies = Object.fromEntries(Object.entries(manifest.dependencies).filter(([name]) => name !== 'express'));
    expect(manifestFaults({ ...manifest, dependencies }, changelog)).toEqual(['CHANGELOG.md gives a reason for express, which is not here']);
  });
});

describe('package-lock.json', () => {
  it('knows every package by its hash, operators run none of an unknown licence, and none runs a script that nobody decided on', () => {
    expect(lockFaults(packages, manifest, licenceOf)).toEqual([]);
  });

  it.each([
    ['another licence', { license: 'GPL-3.0-only', integrity: 'sha512-x' }, /odd has the licence GPL-3\.0-only/],
    ['a lesser licence of another than sharp', { license: 'LGPL-3.0-or-later', integrity: 'sha512-x' }, /odd has the licence LGPL/],
    ['one of two licences that both hold', { license: 'MIT AND AGPL-3.0-only', integrity: 'sha512-x' }, /odd has the licence/],
    ['a weak hash', { license: 'MIT', integrity: 'sha1-x' }, /odd is locked without/],
    ['a script', { license: 'MIT', integrity: 'sha512-x', hasInstallScript: true }, /odd runs a script/],
  ])('is refused with a package that has %s', (...row) => {
    const [, odd, why] = row;
    expect(lockFaults({ ...packages, 'node_modules/odd': odd }, manifest, licenceOf).join('\n')).toMatch(why);
  });

  it('takes a package of which one of two licences may be chosen', () => {
    expect(lockFaults({ ...packages, 'node_modules/odd': { license: '(MIT OR GPL-2.0-only)', integrity: 'sha512-x' } }, manifest, licenceOf)).toEqual([]);
  });
});
