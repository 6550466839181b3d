/**
 * Who calls: one passport strategy for bearers (SDK, command line) and one for the cookie of pages, both over the same
 * table of sessions. A cookie counts only with the right Origin and CSRF token. SPEC.md section 12.
 */
import { parse as parseQuery } from 'node:querystring';
import type { Request, RequestHandler, Response } from 'express';
import passport from 'passport';
import { Strategy as BearerStrategy } from 'passport-http-bearer';
import { base64Of, bytesOfBase64 } from '../../client-sdk/protocol/bytes.js';
import { hashBytes } from '../../client-sdk/protocol/limits.js';
import { csrfHeader } from '../../client-sdk/protocol/routes.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { Caller, SessionService } from '../core/contract.js';
import type { PageCookie } from './call.js';
import { isOriginAllowed, type Reach } from './hosts.js';

/** Decides who calls. */
export interface Door {
  /** Lets a request through with its caller, or refuses it as unauthenticated. */
  readonly authenticate: RequestHandler;
  cookieOf(request: Request, response: Response): PageCookie;
}

/** The caller whom `authenticate` found. */
export function callerOf(request: Request): Caller {
  // The strategies below are the only ones that set a user, and a Caller is all they set.
  const caller = request.user as Caller | undefined;
  if (caller === undefined) throw new Refusal('unauthenticated');
  return caller;
}

/** A door over `sessions`. */
export function makeDoor(sessions: SessionService, reach: Reach): Door {
  const callerOfPage = async (request: Request): Promise<Caller | undefined> => {
    const token = tokenOf(cookieValue(request, cookieName(request, reach)));
    const caller = token === undefined ? undefined : await sessions.authenticate(token);
    return caller?.session.kind === 'page' ? caller : undefined;
  };
  const callerOfBearer = async (text: string): Promise<Caller | undefined> => {
    const token = tokenOf(text);
    const caller = token === undefined ? undefined : await sessions.authenticate(token);
    return caller?.session.kind === 'page' ? undefined : caller;
  };
  const keeper = new passport.Passport();
  keeper.use('bearer', new BearerStrategy((token, done) => {
    callerOfBearer(token).then((caller) => { done(null, caller ?? false); }, done);
  }));
  keeper.use('page', new CookieStrategy(async (request) => {
    const caller = await callerOfPage(request);
    if (caller !== undefined) refuseForeignPage(request, { caller, sessions, reach });
    return caller;
  }));
  // passport types its middleware as any.
  const authenticate = keeper.authenticate(['bearer', 'page'], { session: false, failWithError: true }) as RequestHandler;
  return { authenticate, cookieOf: (request, response) => pageCookie(request, response, reach) };
}

/** Refuses every request that changes something and names another site as its origin. */
export function checkOrigin(reach: Reach): RequestHandler {
  return (request, _response, next) => {
    const { origin } = request.headers;
    if (!isReading(request) && origin !== undefined) mustBeOwn(origin, request, reach);
    next();
  };
}

/** passport's strategy for the cookie of pages. */
class CookieStrategy extends passport.Strategy {
  constructor(private readonly find: (request: Request) => Promise<Caller | undefined>) {
    super();
  }

  override authenticate(request: Request): void {
    // A request that names a bearer is judged by that alone.
    if (request.headers.authorization !== undefined) {
      this.fail(401);
      return;
    }
    this.find(request).then((caller) => {
      if (caller === undefined) this.fail(401);
      else this.success(caller);
    }, (error: unknown) => {
      this.error(error);
    });
  }
}

function refuseForeignPage(request: Request, door: { readonly caller: Caller; readonly sessions: SessionService; readonly reach: Reach }): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') throw new Refusal('origin-not-allowed');
  if (isReading(request)) return;
  mustBeOwn(request.headers.origin, request, door.reach);
  const presented = tokenOf(request.get(csrfHeader));
  if (presented === undefined || !door.sessions.isCsrfToken(door.caller, presented)) {
    throw new Refusal('origin-not-allowed', `The header ${csrfHeader} must carry the session’s CSRF token.`);
  }
}

function mustBeOwn(origin: string | undefined, request: Request, reach: Reach): void {
  if (origin === undefined || !isOriginAllowed(origin, request.headers.host, reach)) throw new Refusal('origin-not-allowed');
}

function isReading(request: Request): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

function tokenOf(text: string | undefined): Uint8Array | undefined {
  const bytes = text === undefined || text.length > 64 ? undefined : bytesOfBase64(text);
  return bytes?.length === hashBytes ? bytes : undefined;
}

function isBehindTls(request: Request, reach: Reach): boolean {
  return request.secure || reach.publicUrl?.protocol === 'https:';
}

/** `__Host-` binds a cookie to this host, to TLS and to the root path; plain http on loopback cannot have it. */
function cookieName(request: Request, reach: Reach): string {
  return isBehindTls(request, reach) ? '__Host-dice' : 'dice';
}

function cookieValue(request: Request, name: string): string | undefined {
  const value = parseQuery(request.headers.cookie ?? '', '; ', '=', { maxKeys: 100 })[name];
  return typeof value === 'string' ? value : undefined;
}

function pageCookie(request: Request, response: Response, reach: Reach): PageCookie {
  const options = { httpOnly: true, sameSite: 'strict', secure: isBehindTls(request, reach), path: '/' } as const;
  const name = cookieName(request, reach);
  return {
    mustComeFromPage: () => { mustBeOwn(request.headers.origin, request, reach); },
    set: (token, maxAge) => { response.cookie(name, base64Of(token), { ...options, ...(maxAge === undefined ? {} : { maxAge }) }); },
    clear: () => { response.clearCookie(name, options); },
  };
}
