/**
 * Numbers, bytes, shares and times as a person reads them. Decimal units, as disks and networks use them.
 */

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `1234567` as `1.2 MB`; whole bytes below 1 kB; a minus sign stays. */
export function bytes(value: number): string {
  let size = Math.abs(value);
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1_000;
    unit++;
  }
  const digits = unit === 0 || size >= 99.5 ? 0 : 1;
  return `${value < 0 ? '−' : ''}${size.toFixed(digits)} ${units[unit] ?? ''}`;
}

/** `-12345` as `−12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en').replace('-', '−');
}

/** `1 block`, `2 blocks`. */
export function things(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `0.1234` as `12.3 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1).replace('-', '−')} %`;
}

/** A moment in the reader's own time zone. */
export function moment(ms: number): string {
  return new Date(ms).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** A day in the reader's own time zone. */
export function day(ms: number): string {
  return new Date(ms).toLocaleDateString(undefined, { dateStyle: 'medium' });
}

/** The last part of a path, for a place with little room. */
export function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** What stands for a type where there is no picture: `TIFF`, `PDF`. */
export function shortType(type: string, name: string): string {
  const extension = /\.([A-Za-z0-9]{1,5})$/.exec(name)?.[1];
  return (extension ?? type.slice(type.indexOf('/') + 1).slice(0, 6)).toUpperCase();
}
