/**
 * Tells at a glance whether a grey picture may have been equalised in cells: then levels that follow each other are mostly two to
 * four values apart, so that neighbours are equal, or two to four off, far more often than one off. Nearly all other pictures are
 * turned away here. SPEC.md section 5.11.
 */
const sampledRows = 24;
const leastEqual = 1 / 20;
/** Neighbours that are equal, and that are two to four off, for each that is one off; photographs have up to 2.04 of the latter. */
const equalPerClose = 1.2;
const apartPerClose = 2.1;

/** Whether this picture is worth a search: neighbours that are one off are rare, though most values occur somewhere. */
export function mayBeEqualised(values: Uint8Array, width: number, height: number): boolean {
  return hasGaps(values, width, height) && usesMostValues(values);
}

/** A picture that was stretched alike everywhere leaves out the same values everywhere. */
function usesMostValues(values: Uint8Array): boolean {
  const isUsed = new Uint8Array(256);
  for (const value of values) isUsed[value] = 1;
  const used = isUsed.reduce((sum, one) => sum + one, 0);
  return 2 * used > isUsed.lastIndexOf(1) - isUsed.indexOf(1) + 1;
}

/** Whether neighbours that are one off are as rare as in an equalised picture. */
function hasGaps(values: Uint8Array, width: number, height: number): boolean {
  let equal = 0;
  let close = 0;
  let apart = 0;
  for (let k = 0; k < sampledRows; k++) {
    const y = Math.floor(((2 * k + 1) * height) / (2 * sampledRows));
    for (let at = y * width + 1; at < (y + 1) * width; at++) {
      const difference = values[at]! - values[at - 1]!;
      const size = difference < 0 ? -difference : difference;
      if (size === 0) equal++;
      else if (size === 1) close++;
      else if (size <= 4) apart++;
    }
  }
  const pairs = sampledRows * (width - 1);
  return equal >= leastEqual * pairs && apart >= leastEqual * pairs && equal > equalPerClose * close && apart > apartPerClose * close;
}
