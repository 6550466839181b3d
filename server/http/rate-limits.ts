/**
 * How many requests one address may make: strict where secrets can be guessed, generous elsewhere. Counts live in this
 * process; failed logins are slowed per account by the rules, not here. SPEC.md section 12.
 */
import type { RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import type { RouteName } from '../../client-sdk/protocol/routes.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { Meter } from '../ports/meter.js';

const windowMs = 60_000;

/** Routes at which a stranger could guess. */
const strictRoutes: ReadonlySet<RouteName> = new Set<RouteName>([
  'register', 'readLoginParameters', 'login', 'openRecovery', 'openInvitation', 'changeCredentials', 'closeAccount',
  'beginSecondFactor', 'confirmSecondFactor', 'endSecondFactor',
]);

/** Requests of one address in a minute; 0 sets no bound. */
export interface Rates {
  readonly strict: number;
  readonly general: number;
}

/** One limiter for each kind of route. */
export function makeRateLimits(rates: Rates, meter?: Meter): (route: RouteName) => RequestHandler {
  const strict = limiter(rates.strict, () => meter?.add('limited', 'strict', 1));
  const general = limiter(rates.general, () => meter?.add('limited', 'general', 1));
  return (route) => (strictRoutes.has(route) ? strict : general);
}

function limiter(limit: number, onLimited: () => void): RequestHandler {
  if (limit === 0) return (_request, _response, next) => { next(); };
  return rateLimit({
    windowMs,
    limit,
    legacyHeaders: false,
    standardHeaders: false,
    // Its warnings go to the console; config.ts has checked what they would say.
    validate: false,
    handler: (_request, _response, next) => {
      onLimited();
      next(new Refusal('rate-limited', undefined, { retryAfterSeconds: windowMs / 1000 }));
    },
  });
}
