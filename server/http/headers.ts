/**
 * Headers that every answer carries: what a browser may do with it. Pages get the full set, answers of the API a
 * fixed small one, because block routes are called thousands of times. SPEC.md section 12.
 */
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { Reach } from './hosts.js';

const apiHeaders = new Map([
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Cache-Control', 'no-store'],
]);

/** For the API: nothing of it is ever a document. */
export const setApiHeaders: RequestHandler = (_request, response, next) => {
  response.setHeaders(apiHeaders);
  next();
};

/** For pages: scripts and styles of this server alone, none inline, WebAssembly in them; no framing, no forms that leave. */
export function setPageHeaders(reach: Reach): RequestHandler {
  const isTls = reach.publicUrl?.protocol === 'https:';
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        // The tile coder is WebAssembly; no text becomes script.
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        workerSrc: ["'self'"],
        styleSrc: ["'self'"],
        fontSrc: ["'self'"],
        imgSrc: ["'self'", 'blob:', 'data:'],
        connectSrc: ["'self'"],
        // Forms do nothing without script.
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        // No text becomes script or markup; the one policy lets through the pages’ own worker (client-sdk/browser/script-url.ts).
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ['dice-worker'],
      },
    },
    crossOriginEmbedderPolicy: false,
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: isTls ? { maxAge: 31_536_000, includeSubDomains: false } : false,
  });
}
