/**
 * Days in the reader's own time zone: keys that sort, and headings as a person says them. Pure.
 */

/** Made once: making one costs more than a thousand days. */
const written = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });

/** `2026-03-12`. */
export function dayKey(ms: number): string {
  const date = new Date(ms);
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `Today`, `Yesterday`, `12 March 2026`; `now` is what today means. */
export function dayTitle(ms: number, now: number): string {
  const key = dayKey(ms);
  if (key === dayKey(now)) return 'Today';
  const before = new Date(now);
  before.setDate(before.getDate() - 1);
  if (key === dayKey(before.getTime())) return 'Yesterday';
  return written.format(ms);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
