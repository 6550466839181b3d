/**
 * The table `manifest.csv` of a folder of variants: columns `source` and `variant` name each file as `source/variant`. Other
 * columns are passed over. RFC 4180: fields in quotes may hold commas, quotes and line ends.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** Path below the folder -> variant. Undefined where the table has no such columns. */
export function variantsOf(csv: string): ReadonlyMap<string, string> | undefined {
  const [head = [], ...rows] = recordsOf(csv);
  const [source, variant] = [head.indexOf('source'), head.indexOf('variant')];
  if (source < 0 || variant < 0) return undefined;
  const named = rows.map((row) => [row[source] ?? '', row[variant] ?? ''] as const).filter(([, name]) => name !== '');
  return new Map(named.map(([folder, name]) => [folder === '' ? name : `${folder}/${name}`, name]));
}

/** The variants that a folder's own table names; undefined where it has none. */
export async function readVariants(folder: string): Promise<ReadonlyMap<string, string> | undefined> {
  const csv = await readFile(path.join(folder, 'manifest.csv'), 'utf8').catch(() => undefined);
  return csv === undefined ? undefined : variantsOf(csv);
}

/** Records and their fields; a byte order mark is dropped. */
function recordsOf(csv: string): readonly (readonly string[])[] {
  const records: string[][] = [];
  let record: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  const text = csv.replace(/^\ufeff/, '');
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const found = field.exec(text);
    if (found === null) throw new Error(`manifest.csv cannot be read as CSV at character ${String(at)}`);
    record.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (found[3] === ',' && field.lastIndex < text.length) continue;
    if (found[3] === ',') record.push('');
    records.push(record);
    record = [];
  }
  return records.filter((fields) => fields.length > 1 || fields[0] !== '');
}
