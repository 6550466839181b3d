/**
 * What of an error goes into the log: its kind, code, text and trace, and those of its causes. Not its other members, in which drivers keep rows,
 * headers and connections; and of texts not what looks like an address, a credential, a query, a token or an id.
 */

/** An error as the log has it. */
export interface LoggableError {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  /** Places alone: the text stands in `message`. */
  readonly stack?: readonly string[];
  readonly cause?: LoggableError;
}

const maxCauses = 4;
const maxFrames = 12;
const maxTextLength = 2_000;

/** What may be logged of anything that was thrown. */
export function loggable(error: unknown, depth = 0): LoggableError {
  // Any object may be asked for members.
  const { name, code, message, stack, cause } = (typeof error === 'object' && error !== null ? error : { message: String(error) }) as Readonly<Record<string, unknown>>;
  const frames = typeof stack === 'string' ? stack.split('\n').filter((line) => /^ {4}at /.test(line)) : [];
  return {
    type: typeof name === 'string' ? redacted(name) : typeof error,
    ...(typeof code === 'string' ? { code: redacted(code) } : {}),
    message: typeof message === 'string' ? redacted(message) : '',
    ...(frames.length > 0 ? { stack: frames.slice(0, maxFrames).map((line) => redacted(line.trim())) } : {}),
    ...(cause === undefined || depth >= maxCauses ? {} : { cause: loggable(cause, depth + 1) }),
  };
}

/** `text` without what should not be kept. Package names (`/@scope`) are no addresses. */
export function redacted(text: string): string {
  return text
    .slice(0, maxTextLength)
    .replaceAll(/\S*[^\s/@]@\S+/g, '[address]')
    .replaceAll(/\b(bearer|basic)\s+\S+/gi, '[credential]')
    .replaceAll(/\?[^\s"')]*=[^\s"')]*/g, '[query]')
    .replaceAll(/\b[0-9a-f]{32,}\b/gi, '[id]')
    .replaceAll(/[A-Za-z0-9_-]{43,}/g, '[token]');
}
