/**
 * From the name of a stored image, which may be anything, to a path that lies below a folder on any system:
 * no climbing, no device names, no control characters, nothing that turns the reading direction (which can dress a program up
 * as a picture), every part at most 255 bytes. Pure.
 */
import { utf8 } from './protocol/bytes.js';

const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const maxPartBytes = 255;

/** The parts of a safe relative path for `name`; never empty. */
export function safeParts(name: string): readonly string[] {
  const parts = name.split(/[/\\]/).filter((part) => part !== '' && part !== '.');
  const safe = parts.map(safePart);
  return safe.length === 0 ? ['unnamed'] : safe;
}

/** The same path with a number before its ending: `a/b (2).png`. */
export function numbered(parts: readonly string[], number: number): readonly string[] {
  if (number < 2) return parts;
  const last = parts.at(-1) ?? 'unnamed';
  const dot = last.lastIndexOf('.');
  const stem = dot > 0 ? last.slice(0, dot) : last;
  const ending = dot > 0 ? last.slice(dot) : '';
  const mark = ` (${String(number)})`;
  return [...parts.slice(0, -1), shortened(stem, maxPartBytes - bytesOf(mark + ending)) + mark + ending];
}

function safePart(part: string): string {
  const plain = part.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"|?*]/g, '_').replace(/[. ]+$/, (end) => '_'.repeat(end.length));
  const named = reserved.test(plain) ? `_${plain}` : plain;
  if (bytesOf(named) <= maxPartBytes) return named;
  const dot = named.lastIndexOf('.');
  const ending = dot > 0 && named.length - dot <= 16 ? named.slice(dot) : '';
  return shortened(named.slice(0, named.length - ending.length), maxPartBytes - bytesOf(ending)) + ending;
}

function shortened(text: string, maxBytes: number): string {
  let kept = '';
  let bytes = 0;
  for (const letter of text) {
    bytes += bytesOf(letter);
    if (bytes > maxBytes) break;
    kept += letter;
  }
  return kept === '' ? '_' : kept;
}

function bytesOf(text: string): number {
  return utf8(text).length;
}
