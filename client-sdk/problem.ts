/**
 * A problem body (RFC 9457) of a server that may be hostile, back into a DiceError of the same code. SPEC.md section 9.
 */
import { DiceError, fault } from './core/errors.js';
import { isRefusalCode, refusalTitles, type RefusalExtra } from './protocol/refusals.js';

const maxDetailChars = 500;
const maxMissing = 131_072;

/** The error of an answer with `status` and JSON `body`; `answer-invalid` (or `server-unreachable` of a busy server or gateway) where it is no problem body. */
export function refusalOf(status: number, body: unknown): DiceError {
  const members = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  const code = members['code'];
  if (typeof code !== 'string' || !isRefusalCode(code)) return unknownProblem(status);
  const detail = typeof members['detail'] === 'string' ? printable(members['detail']) : '';
  return new DiceError(code, detail === '' ? refusalTitles[code] : `${refusalTitles[code]} ${detail}`, extraOf(members));
}

function unknownProblem(status: number): DiceError {
  // A server or a gateway that is too busy: what was asked may be asked again.
  if (status === 408 || status === 502 || status === 503 || status === 504) return fault('server-unreachable', `It answered ${String(status)} without taking the request.`);
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
