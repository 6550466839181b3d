/**
 * The express application: all middleware in order on one screen. Nothing here buffers a body; each route reads its own
 * after its caller was let in. No rules and no storage. SPEC.md section 12.
 */
import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import { apiPrefix } from '../../client-sdk/protocol/routes.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { Services } from '../core/contract.js';
import type { Meter } from '../ports/meter.js';
import { accountHandlers, invitationHandlers, sessionHandlers } from './accounts.js';
import { checkQuery } from './bodies.js';
import { BodyRoom, usualRoomBytes } from './body-room.js';
import { answerErrors } from './errors.js';
import { checkHead } from './head.js';
import { setApiHeaders, setPageHeaders } from './headers.js';
import { headHandlers } from './heads.js';
import { type Health, mountHealth } from './health.js';
import { isHostAllowed, type Reach } from './hosts.js';
import { imageHandlers, uploadHandlers } from './images.js';
import { openApiDocument } from './openapi.js';
import { mountPages } from './pages.js';
import { makeRateLimits, type Rates } from './rate-limits.js';
import { cardReader, reportHandlers, type FixedCard } from './reports.js';
import { logRequests, nameRoute } from './request-log.js';
import { mountRoutes } from './routing.js';
import { checkOrigin, makeDoor } from './sessions.js';

/** What the process decides for the application. */
export interface Settings extends Health {
  readonly log: Logger;
  readonly publicUrl: URL | undefined;
  readonly trustProxy: number | readonly string[] | undefined;
  readonly rates: Rates;
  readonly card: FixedCard;
  /** Compiled views; by default those beside the compiled server. */
  readonly viewsDirectory?: string | undefined;
  readonly meter?: Meter | undefined;
  /** Bytes of bodies held at once. */
  readonly roomBytes?: number | undefined;
  /** Addresses tell networks apart. */
  readonly hasNetworks?: boolean | undefined;
}

/** The application over `services`. */
export function makeApp(services: Services, settings: Settings): Express {
  const site = makeRouter();
  const reach: Reach = { publicUrl: settings.publicUrl, hasProxy: settings.trustProxy !== undefined };

  site.use(logRequests(settings.log, settings.meter));
  site.use(checkHead);
  mountHealth(site, services, { ...settings, reach });
  site.use(checkHost(reach));
  site.use(checkQuery);
  site.use(checkOrigin(reach));

  site.use(apiPrefix, apiRouter(services, settings, reach));

  site.use(setPageHeaders(reach));
  mountPages(site, { readCard: cardReader(services, settings.card, reach), viewsDir: settings.viewsDirectory, publicUrl: settings.publicUrl });

  const answerError = answerErrors(settings.log);
  const app = express();
  configure(app, settings);
  app.use((request, response) => {
    site(request, response, (error?: unknown) => { answerError(error ?? new Refusal('route-unknown'), request, response); });
  });
  return app;
}

function apiRouter(services: Services, settings: Settings, reach: Reach): express.Router {
  const api = makeRouter();
  // Bytes, which all readers share: of a text each has its own.
  const document = utf8(JSON.stringify(openApiDocument(settings.card.version)));
  api.use(setApiHeaders);
  api.get('/openapi.json', (_request, response) => {
    nameRoute(response, `${apiPrefix}/openapi.json`);
    response.type('application/json').end(document);
  });
  mountRoutes(api, {
    handlers: {
      ...accountHandlers(services),
      ...sessionHandlers(services),
      ...invitationHandlers(services),
      ...uploadHandlers(services),
      ...imageHandlers(services),
      ...headHandlers(services),
      ...reportHandlers(services, settings.card),
    },
    door: makeDoor(services.sessions, reach),
    reach,
    limit: makeRateLimits(settings.rates, settings.meter),
    room: new BodyRoom({ maxBytes: settings.roomBytes ?? usualRoomBytes(Infinity), onRefused: () => { settings.meter?.add('limited', 'bodies', 1); } }),
    hasNetworks: settings.hasNetworks ?? false,
  });
  api.use(() => { throw new Refusal('route-unknown'); });
  return api;
}

function makeRouter(): express.Router {
  return express.Router({ caseSensitive: true, strict: true });
}

function configure(app: Express, settings: Settings): void {
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  if (settings.trustProxy !== undefined) app.set('trust proxy', settings.trustProxy);
}

function checkHost(reach: Reach): RequestHandler {
  return (request, _response, next) => {
    if (!isHostAllowed(request.headers.host, reach)) throw new Refusal('host-not-allowed');
    next();
  };
}
