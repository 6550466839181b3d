/**
 * What kind of JPEG file it is, in words for people. SPEC.md section 6.8.
 */
import type { Frame } from './jpeg-frame.js';
import type { ParsedJpeg } from './jpeg-markers.js';

/** For example "JPEG progressive, 8-bit, 3 components 4:2:0, 10 scans, restart markers". */
export function describeJpeg({ frame, pieces }: ParsedJpeg): string {
  const headers = pieces.flatMap((piece) => (piece.kind === 'scan' ? [piece.header] : []));
  const scans = headers.length === 1 ? '1 scan' : `${String(headers.length)} scans`;
  const restarts = headers.some(({ restart }) => restart > 0) ? ', restart markers' : '';
  const code = frame.arithmetic ? ', arithmetic' : '';
  return `JPEG ${frame.progressive ? 'progressive' : 'sequential'}${code}, ${String(frame.precision)}-bit, ${componentsOf(frame)}, ${scans}${restarts}`;
}

function componentsOf({ components }: Frame): string {
  const count = components.length === 1 ? '1 component' : `${String(components.length)} components`;
  const sampling = samplingOf(components.map(({ horizontal, vertical }) => `${String(horizontal)}x${String(vertical)}`));
  return sampling === '' ? count : `${count} ${sampling}`;
}

/** The usual names; else the factors of all components. */
function samplingOf(factors: readonly string[]): string {
  const [first, ...others] = factors;
  if (first === undefined || others.length === 0) return '';
  if (others.every((factor) => factor === first)) return '4:4:4';
  const name = others.every((factor) => factor === '1x1') && others.length === 2 ? usualNames[first] : undefined;
  return name ?? factors.join(',');
}

const usualNames: Readonly<Record<string, string>> = { '2x1': '4:2:2', '2x2': '4:2:0', '1x2': '4:4:0', '4x1': '4:1:1' };
