/**
 * An authenticator app: what it shows at a time. By the same package as the server's; RFC 6238's own values stand in the test of second factors.
 */
import { Secret, TOTP } from 'otpauth';

/** The code that an app with the secret (base32) shows at `timestamp`. */
export function codeAt(secret: string, timestamp: number): string {
  return new TOTP({ secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: 6, period: 30 }).generate({ timestamp });
}

/** The code that it shows now, for a server that looks at this machine's clock. */
export function codeNow(secret: string): string {
  return codeAt(secret, Date.now());
}

/** A code that is none of those shown about `timestamp`. */
export function wrongCodeAt(secret: string, timestamp: number): string {
  const near = new Set([-2, -1, 0, 1, 2].map((steps) => codeAt(secret, timestamp + steps * 30_000)));
  return ['000000', '000001', '000002', '000003', '000004', '000005'].find((code) => !near.has(code)) ?? '';
}
