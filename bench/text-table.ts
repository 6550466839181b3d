/**
 * Tables that people read on a terminal and that Markdown takes as they are: texts to the left, numbers to the right.
 */

/** A table of a heading and rows. A column whose heading begins with `>` stands to the right. */
export function textTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const isRight = heading.map((title) => title.startsWith('>'));
  const titles = heading.map((title) => title.replace(/^>/, ''));
  const widths = titles.map((title, column) => Math.max(3, title.length, ...rows.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => {
    const padded = widths.map((width, column) => (isRight[column] === true ? (cells[column] ?? '').padStart(width) : (cells[column] ?? '').padEnd(width)));
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, column) => (isRight[column] === true ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(titles), line(rule), ...rows.map(line)].join('\n');
}

/** Decimal megabytes. */
export function megabytesText(bytes: number): string {
  return (bytes / 1e6).toFixed(3);
}

/** `part / whole`; a dash where the whole is nothing. */
export function ratioText(part: number, whole: number): string {
  return whole === 0 ? '-' : (part / whole).toFixed(4);
}
