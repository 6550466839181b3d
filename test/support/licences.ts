/**
 * `npm run licences`: the packages that a server or a client runs, with version and licence, as a table. Packages of other platforms are among them.
 */
import { readFileSync } from 'node:fs';
import { licencesOf, type LockedPackage } from '../architecture/packages.js';
import { licenceOf } from './licence-of.js';

// As npm writes it.
const { packages } = JSON.parse(readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8')) as { readonly packages: Readonly<Record<string, LockedPackage>> };
const lines = licencesOf(packages, licenceOf).map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`);
process.stdout.write(['| package | version | licence |', '|---|---|---|', ...lines, ''].join('\n'));
