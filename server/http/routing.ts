/**
 * Mounts the route table: for each row, in this order, its rate limit, who may call, its body, its handler, its
 * answer. What the table does not name is refused. Has no rules of its own. SPEC.md section 12.
 */
import type { Request, RequestHandler, Response, Router } from 'express';
import { idOf, type ImageId } from '../../client-sdk/protocol/ids.js';
import { apiPrefix, routes, type Route, type RouteName } from '../../client-sdk/protocol/routes.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { invalid } from '../../client-sdk/protocol/schema.js';
import type { Origin } from '../core/contract.js';
import { networkOf } from '../core/network.js';
import { answerOf, foreseenAnswerBytes } from './answers.js';
import { framesOf, hashesOf, heldBytesOf, parseCommits, parseJson, readBody } from './bodies.js';
import type { BodyRoom, HeldBody, Holder } from './body-room.js';
import type { Call, Handlers } from './call.js';
import { isTrustedLocal, type Reach } from './hosts.js';
import { nameRoute } from './request-log.js';
import { callerOf, type Door } from './sessions.js';

/** What every route needs beside its handler. */
export interface RouteWorld {
  readonly handlers: Handlers;
  readonly door: Door;
  readonly reach: Reach;
  readonly limit: (route: RouteName) => RequestHandler;
  readonly room: BodyRoom;
  /** Addresses tell networks apart: not all are a proxy's, or this machine's. */
  readonly hasNetworks: boolean;
}

/** All routes in the order of the table, with their names. */
export const routeList: readonly (readonly [RouteName, Route])[] = Object.entries(routes).map(([name, route]) => {
  // Keys of a const object are its names.
  return [name as RouteName, route];
});

/** Mounts every route of the table on `router`, and answers other methods on their paths with 405. */
export function mountRoutes(router: Router, world: RouteWorld): void {
  for (const [path, rows] of byPath()) {
    const place = router.route(path);
    for (const [name, route] of rows) place[verbs[route.method]](...stepsOf(name, route, world));
    place.all(refuseMethod(rows.map(([, route]) => route.method)));
  }
}

/** Query members that routes take; all others are refused. */
export const queryNames: Partial<Readonly<Record<RouteName, readonly string[]>>> = {
  listImages: ['cursor', 'limit', 'trash'],
  listHeads: ['after'],
  listLeaves: ['after'],
  listUsers: ['cursor'],
};

/** Where a request comes from, as the rules see it. */
export function originOf(request: Request, reach: Reach): Origin {
  const { remoteAddress } = request.socket;
  return { address: request.ip ?? '', isTrustedLocal: isTrustedLocal({ headers: request.headers, remoteAddress }, reach) };
}

const verbs = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const;

function byPath(): ReadonlyMap<string, readonly (readonly [RouteName, Route])[]> {
  const paths = new Map<string, readonly (readonly [RouteName, Route])[]>();
  for (const row of routeList) paths.set(row[1].path, [...(paths.get(row[1].path) ?? []), row]);
  return paths;
}

function stepsOf(name: RouteName, route: Route, world: RouteWorld): readonly RequestHandler[] {
  return [
    (_request, response, next) => {
      nameRoute(response, apiPrefix + route.path);
      next();
    },
    world.limit(name),
    ...(route.access === 'anyone' ? [] : [world.door.authenticate]),
    ...(route.access === 'operator' ? [mustOperate] : []),
    runHandler(name, route, world),
  ];
}

/**
 * Reads the body, does what it asks for and answers, while there is room for it. Where a large answer is foreseen, room for it is taken before it is made;
 * what else is large waits for room of its own, as blocks do before they are read.
 */
function runHandler(name: RouteName, route: Route, world: RouteWorld): RequestHandler {
  const read = readBody(name, route);
  // The handler's own types are checked where it is written; here the table itself is what ties both ends.
  const handle = world.handlers[name] as (call: unknown) => Promise<unknown>;
  return async (request, response) => {
    const arrival = { name, route, request, response };
    const requestBytes = heldBytesOf(name, route, request);
    const foreseenBytes = foreseenAnswerBytes(name, requestBytes);
    const answer = await world.room.around(heldBody(Math.max(requestBytes, foreseenBytes), arrival, world), async (keep) => {
      await read(request);
      const made = answerOf(route, await handle(callOf(arrival, world)));
      // The request lives until its answer was sent; what it brought need not.
      request.body = undefined;
      if (foreseenBytes === 0) return made;
      keep(made.heldBytes);
      await made.send(response);
      return undefined;
    });
    if (answer !== undefined) await world.room.around(heldBody(answer.heldBytes, arrival, world), () => answer.send(response));
  };
}

function heldBody(bytes: number, { route, request, response }: Arrival, world: RouteWorld): HeldBody {
  const onGone = (listener: () => void): void => {
    if (response.closed) listener();
    else response.once('close', listener);
  };
  return { bytes, holders: holdersOf(route, request, world), onGone };
}

function holdersOf(route: Route, request: Request, { hasNetworks }: RouteWorld): readonly Holder[] {
  const networks: readonly Holder[] = hasNetworks ? [{ kind: 'network', name: networkOf(request.ip ?? '') }] : [];
  return route.access === 'anyone' ? networks : [{ kind: 'account', name: callerOf(request).account.accountId }, ...networks];
}

interface Arrival {
  readonly name: RouteName;
  readonly route: Route;
  readonly request: Request;
  readonly response: Response;
}

function callOf({ name, route, request, response }: Arrival, world: RouteWorld): Readonly<Record<keyof Call<RouteName>, unknown>> {
  return {
    caller: route.access === 'anyone' ? undefined : callerOf(request),
    ids: idsOf(request),
    body: bodyOf(route, request),
    query: queryOf(request, queryNames[name] ?? []),
    origin: originOf(request, world.reach),
    cookie: world.door.cookieOf(request, response),
  };
}

function bodyOf(route: Route, request: Request): unknown {
  if (route.request === undefined) return undefined;
  if (route.request === 'frames') return framesOf(request);
  if (route.request === 'hashes') return hashesOf(request);
  return route.request === 'commits' ? parseCommits(request) : parseJson(route.request, request);
}

function idsOf(request: Request): Readonly<Record<string, string>> {
  const ids: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.params)) {
    const id = typeof value === 'string' ? idOf<ImageId>(value) : undefined;
    if (id === undefined) throw invalid(`the path’s ${name}`, '32 lower-case hex digits');
    ids[name] = id;
  }
  return ids;
}

function queryOf(request: Request, names: readonly string[]): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(request.url.split('?')[1] ?? '')) {
    if (!names.includes(name)) throw invalid('query', names.length === 0 ? 'absent' : `of ${names.join(', ')} alone`);
    if (query.has(name)) throw invalid(`query.${name}`, 'given once');
    query.set(name, value);
  }
  return query;
}

const mustOperate: RequestHandler = (request, _response, next) => {
  if (!callerOf(request).account.isOperator) throw new Refusal('forbidden', 'Only the operator may.');
  next();
};

function refuseMethod(methods: readonly Route['method'][]): RequestHandler {
  const allowed = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  return (_request, response) => {
    response.setHeader('Allow', allowed);
    throw new Refusal('method-not-allowed', `It takes ${allowed}.`);
  };
}
