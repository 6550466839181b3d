/**
 * The head of a request must mean one thing, whoever reads it: a proxy in front and this server must not see two requests in it, or
 * two callers. Node's parser refuses what frames a body in two ways; this refuses the rest. SPEC.md section 12.
 */
import type { RequestHandler } from 'express';
import { csrfHeader } from '../../client-sdk/protocol/routes.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';

/** Of these Node keeps the first and drops the others in silence, or joins them. */
const single: ReadonlySet<string> = new Set(['host', 'authorization', 'content-type', 'content-encoding', 'origin', 'sec-fetch-site', 'x-request-id', csrfHeader]);

/** Refuses a target that is no path, a header twice that decides something, and codings of the transfer other than chunks. */
export const checkHead: RequestHandler = (request, _response, next) => {
  if (!request.url.startsWith('/')) throw new Refusal('request-invalid', 'The request’s target must be a path.');
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') throw new Refusal('request-invalid', 'The only transfer coding is chunked.');
  const twice = repeatedIn(request.rawHeaders);
  if (twice !== undefined) throw new Refusal('request-invalid', `The header ${twice} is given twice.`);
  next();
};

/** Names and values take turns in `rawHeaders`. */
function repeatedIn(rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    if (!single.has(name)) continue;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}
