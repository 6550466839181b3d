/**
 * What each kind of error is answered, and that failures of the server tell nothing.
 */
import { describe, expect, it } from '@jest/globals';
import { Refusal, refusalTitles, type RefusalCode } from '../../client-sdk/protocol/refusals.js';
import { refusalOf, statusOf } from '../../server/http/errors.js';
import { CorruptionError, StorageError } from '../../server/ports/errors.js';

const secret = '/srv/dice/packs/7 is torn';

describe('the refusal of an error', () => {
  it.each([
    ['a full disk', new StorageError(secret, { retryable: false, isFull: true }), 'storage-full', 507],
    ['an outage that passes', new StorageError(secret, { retryable: true }), 'unavailable', 503],
    ['an outage that stays', new StorageError(secret, { retryable: false }), 'internal', 500],
    ['corruption', new CorruptionError(secret), 'internal', 500],
    ['a programming error', new TypeError(secret), 'internal', 500],
    ['an unknown error of the system', Object.assign(new Error(secret), { code: 'EIO' }), 'internal', 500],
    ['a code that is a name of Object', Object.assign(new Error(secret), { code: 'constructor' }), 'internal', 500],
    ['a thrown text', secret, 'internal', 500],
    ['nothing', undefined, 'internal', 500],
    ['a body that is cut off', Object.assign(new Error('aborted'), { code: 'ECONNRESET' }), 'request-invalid', 400],
    ['a path that is no percent-encoding', new URIError(secret), 'request-invalid', 400],
  ] as const)('of %s', (...row) => {
    const [, error, code, status] = row;
    const refusal = refusalOf(error);
    expect([refusal.code, statusOf(refusal.code)]).toEqual([code, status]);
    expect(JSON.stringify([refusal.message, refusal.detail])).not.toContain(secret);
  });

  it('of a refusal is itself', () => {
    const refusal = new Refusal('not-found');
    expect(refusalOf(refusal)).toBe(refusal);
  });

  it('has a status of failure for every code of the table', () => {
    // The keys of the table are its codes.
    for (const code of Object.keys(refusalTitles) as RefusalCode[]) expect([code, statusOf(code) >= 400 && statusOf(code) < 600]).toEqual([code, true]);
  });
});
