/**
 * The express application: all middleware in order on one screen. Nothing here buffers a body; each route reads its own
 * after its caller was let in. No rules and no storage. SPEC.md section 12.
 */
import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { apiPrefix } from '../../client-sdk/protocol/routes.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { Services } from '../core/contract.js';
import { accountHandlers, invitationHandlers, sessionHandlers } from './accounts.js';
import { checkQuery } from './bodies.js';
import { answerErrors, refuseUnknown } from './errors.js';
import { setApiHeaders, setPageHeaders } from './headers.js';
import { isHostAllowed, type Reach } from './hosts.js';
import { imageHandlers, uploadHandlers } from './images.js';
import { openApiDocument } from './openapi.js';
import { mountPages } from './pages.js';
import { makeRateLimits, type Rates } from './rate-limits.js';
import { cardReader, reportHandlers, type FixedCard } from './reports.js';
import { logRequests } from './request-log.js';
import { mountRoutes } from './routing.js';
import { checkOrigin, makeDoor } from './sessions.js';

/** What the process decides for the application. */
export interface Settings {
  readonly log: Logger;
  readonly publicUrl: URL | undefined;
  readonly trustProxy: number | readonly string[] | undefined;
  readonly rates: Rates;
  readonly card: FixedCard;
  /** Compiled views; by default those beside the compiled server. */
  readonly viewsDirectory?: string | undefined;
}

/** The application over `services`. */
export function makeApp(services: Services, settings: Settings): Express {
  const app = express();
  configure(app, settings);
  const reach: Reach = { publicUrl: settings.publicUrl, hasProxy: settings.trustProxy !== undefined };

  app.use(logRequests(settings.log));
  app.get('/healthz', setApiHeaders, answerHealth(services));
  app.use(checkHost(reach));
  app.use(checkQuery);
  app.use(checkOrigin(reach));

  app.use(apiPrefix, apiRouter(services, settings, reach));

  app.use(setPageHeaders(reach));
  mountPages(app, { readCard: cardReader(services, settings.card, reach), viewsDir: settings.viewsDirectory });
  app.use(refuseUnknown);
  app.use(answerErrors(settings.log));
  return app;
}

function apiRouter(services: Services, settings: Settings, reach: Reach): express.Router {
  const api = express.Router({ caseSensitive: true, strict: true });
  const document = JSON.stringify(openApiDocument(settings.card.version));
  api.use(setApiHeaders);
  api.get('/openapi.json', (_request, response) => { response.type('application/json').end(document); });
  mountRoutes(api, {
    handlers: {
      ...accountHandlers(services),
      ...sessionHandlers(services),
      ...invitationHandlers(services),
      ...uploadHandlers(services),
      ...imageHandlers(services),
      ...reportHandlers(services, settings.card),
    },
    door: makeDoor(services.sessions, reach),
    reach,
    limit: makeRateLimits(settings.rates),
  });
  api.use(refuseUnknown);
  return api;
}

function configure(app: Express, settings: Settings): void {
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.set('query parser', 'simple');
  if (settings.trustProxy !== undefined) app.set('trust proxy', settings.trustProxy);
}

/** Alive, and the index answers. */
function answerHealth({ accounts }: Services): RequestHandler {
  return async (_request, response) => {
    await accounts.hasAccounts();
    response.type('application/json').end('{"status":"ok"}');
  };
}

function checkHost(reach: Reach): RequestHandler {
  return (request, _response, next) => {
    if (!isHostAllowed(request.headers.host, reach)) throw new Refusal('host-not-allowed');
    next();
  };
}
