/**
 * Tells at a glance whether a grey picture may have been equalised in cells: then levels that follow each other are mostly two or
 * three values apart, so that neighbours are equal, or two or three off, far more often than one off. Nearly all other pictures are
 * turned away here. SPEC.md section 5.11.
 */
const sampledRows = 24;
const leastEqual = 1 / 20;
/** Neighbours that are equal, and that are two or three off, for each that is one off; photographs have up to 1.5 of the latter. */
const equalPerClose = 1.2;
const apartPerClose = 1.6;

/** Whether neighbours that are one off are as rare as in an equalised picture. */
export function mayBeEqualised(values: Uint8Array, width: number, height: number): boolean {
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
      else if (size <= 3) apart++;
    }
  }
  const pairs = sampledRows * (width - 1);
  return equal >= leastEqual * pairs && apart >= leastEqual * pairs && equal > equalPerClose * close && apart > apartPerClose * close;
}
