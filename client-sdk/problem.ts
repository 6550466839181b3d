/**
 * A problem body (RFC 9457) of a server that may be hostile, back into a DiceError of the same code. SPEC.md section 9.
 */
import { DiceError, fault } from './core/errors.js';
import { isRefusalCode, refusalTitles, type RefusalExtra } from './protocol/refusals.js';

const maxDetailChars = 500;
const maxMissing = 131_072;

/** The error of an answer with `status` and JSON `body`; `answer-invalid` (or `server-unreachable` of a gateway) where it is no problem body. */
export function refusalOf(status: number, body: unknown): DiceError {
  const members = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  const code = members['code'];
  if (typeof code !== 'string' || !isRefusalCode(code)) return unknownProblem(status);
  const detail = typeof members['detail'] === 'string' ? printable(members['detail']) : '';
  return new DiceError(code, detail === '' ? refusalTitles[code] : `${refusalTitles[code]} ${detail}`, extraOf(members));
}

function unknownProblem(status: number): DiceError {
  if (status === 502 || status === 503 || status === 504) return fault('server-unreachable', `A gateway answered ${String(status)}.`);
  return fault('answer-invalid', `It has status ${String(status)} and no problem body.`);
}

function printable(text: string): string {
  return text.slice(0, maxDetailChars).replace(/[\p{Cc}\p{Cf}]/gu, ' ').trim();
}

function extraOf(members: Readonly<Record<string, unknown>>): RefusalExtra {
  const missing = members['missing'];
  const retryAfterSeconds = members['retryAfterSeconds'];
  const isList = Array.isArray(missing) && missing.length <= maxMissing && missing.every((item) => typeof item === 'string');
  return {
    ...(isList ? { missing } : {}),
    ...(typeof retryAfterSeconds === 'number' && retryAfterSeconds >= 0 ? { retryAfterSeconds: Math.min(retryAfterSeconds, 3_600) } : {}),
  };
}
