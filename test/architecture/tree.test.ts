/**
 * What the tree must never hold: switched-off tests, things left to do, absolute paths of a machine, hosts of a
 * registry, version ranges. The guard is tested on text that it must refuse.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folders = ['client-sdk', 'server', 'views', 'bench', 'test', 'migrations', '.ci'];
const endings = /\.(ts|mjs|ejs|css|sql|md|json)$|\.ci\/run$/;

/** Built from pieces, so that this file does not refuse itself. */
const forbidden: readonly (readonly [string, RegExp])[] = [
  ['a test that is switched off or alone', new RegExp(String.raw`\b(it|test|describe)\.(sk` + String.raw`ip|on` + 'ly|to' + 'do)\\b')],
  ['a thing left to do', new RegExp('\\b(TO' + 'DO|FIX' + 'ME|XX' + 'X)\\b')],
  ['a lint rule switched off', new RegExp('eslint-' + 'disable|@ts-' + '(ignore|nocheck|expect-error)')],
  ['a path of one machine', new RegExp('[\'"`( ]/(ho' + 'me|wo' + 'rk|Us' + 'ers)/[a-z]')],
  ['a registry host', new RegExp('registry\\.' + '[a-z]+\\.(org|com)')],
];

function breaches(text: string): readonly string[] {
  return forbidden.filter(([, pattern]) => pattern.test(text)).map(([what]) => what);
}

function files(): readonly string[] {
  const below = folders.flatMap((folder) => {
    return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => path.posix.join(folder, name));
  });
  const top = readdirSync(root).filter((name) => endings.test(name) || name === '.gitignore');
  return [...below, ...top].filter((name) => endings.test(name));
}

describe('the tree', () => {
  it('holds nothing that it must never hold', () => {
    const found = files().flatMap((name) => breaches(readFileSync(path.join(root, name), 'utf8')).map((what) => `${name}: ${what}`));
    expect(files().length).toBeGreaterThan(40);
    expect(found).toEqual([]);
  });

  it.each([
    ['it.sk' + "ip('x')", 'a test that is switched off or alone'],
    ['// TO' + 'DO later', 'a thing left to do'],
    ["read('/ho" + "me/ada/x')", 'a path of one machine'],
    ['https://registry.' + 'example.org', 'a registry host'],
  ])('is refused with %j in it', (text, what) => {
    expect(breaches(text)).toEqual([what]);
  });

  it('pins every dependency to one version and locks it without hosts', () => {
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
    const versions = Object.entries({ ...manifest['dependencies'], ...manifest['devDependencies'] });
    expect(versions.length).toBeGreaterThan(20);
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-beta\.\d+)?$/.test(version))).toEqual([]);
    expect(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved": "http/);
  });
});
