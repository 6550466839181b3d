/**
 * What server/THREATS.md must keep to: each row says who suffers, what stands against it and what proves it. A proof is a test file by folder and name, or the
 * word none with a reason; figures and other words may follow, and prove nothing. Reads the text; answers sentences, one for each thing that is wrong.
 */

/** A line of a table that is neither its head nor the rule below that. */
interface Row {
  readonly first: string;
  readonly cells: readonly string[];
}

/** All that is wrong with `text`, where `tests` are the test files there are: `folder/name`. */
export function threatFaults(text: string, tests: ReadonlySet<string>): readonly string[] {
  return rowsOf(text).flatMap(({ first, cells }) => {
    if (cells.length !== 4) return [`${first}: ${String(cells.length)} cells, where attack, who suffers, defence and proof are four`];
    const empty = ['attack', 'who suffers', 'defence', 'proof'].filter((_, i) => cells[i] === '');
    return [...empty.map((name) => `${first}: nothing is said of ${name}`), ...proofFaults(first, cells[3] ?? '', tests)];
  });
}

export function rowsOf(text: string): readonly Row[] {
  const lines = text.split('\n');
  const isRow = (line: string, i: number): boolean => line.startsWith('|') && !/^\|[-: |]+$/.test(line) && !/^\|[-: |]+$/.test(lines[i + 1] ?? '');
  return lines.filter(isRow).map((line) => {
    const cells = line.replace(/^\||\|$/g, '').split('|').map((cell) => cell.trim());
    return { first: (cells[0] ?? '').slice(0, 60), cells };
  });
}

function proofFaults(first: string, proof: string, tests: ReadonlySet<string>): readonly string[] {
  const named = namedIn(proof);
  const missing = named.filter((name) => !tests.has(name)).map((name) => `${first}: there is no test ${name}`);
  if (named.length > 0) return missing;
  return /^none: \S.{15,}/.test(proof) ? [] : [`${first}: the proof is neither a test nor the word none with a reason`];
}

/** All that stands there as code and begins like a folder of tests. */
export function namedIn(proof: string): readonly string[] {
  return [...proof.matchAll(/`([^`\s]+\/[^`\s]+)`/g)].map(([, name]) => name ?? '');
}
