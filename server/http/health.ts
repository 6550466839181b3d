/**
 * What machines ask a server about itself: alive, ready, and its figures. Answered under any Host header, because probes dial addresses; the figures
 * only to who has the operator's token, or without one to this machine. server/DESIGN.md.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Router } from 'express';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { Services } from '../core/contract.js';
import { setApiHeaders } from './headers.js';
import { isHostAllowed, isTrustedLocal, type Reach } from './hosts.js';
import { nameRoute } from './request-log.js';

/** The figures as Prometheus reads them. */
export interface MetricsPage {
  /** The bearer token that opens them; undefined: they are this machine's alone. */
  readonly token: string | undefined;
  readonly contentType: string;
  render(): Promise<string>;
}

/** What can be asked beside the routes of the table. */
export interface Health {
  /** Names of what keeps this process from being ready. */
  readonly failing?: (() => Promise<readonly string[]>) | undefined;
  readonly metrics?: MetricsPage | undefined;
}

/** Mounts /healthz, /readyz and /metrics. Before the check of hosts. */
export function mountHealth(site: Router, services: Services, { failing, metrics, reach }: Health & { readonly reach: Reach }): void {
  site.get('/healthz', named('/healthz'), setApiHeaders, answerHealth(services));
  if (failing !== undefined) site.get('/readyz', named('/readyz'), setApiHeaders, answerReadiness(failing));
  if (metrics !== undefined) site.get('/metrics', named('/metrics'), setApiHeaders, answerMetrics(metrics, reach));
}

function named(template: string): RequestHandler {
  return (_request, response, next) => {
    nameRoute(response, template);
    next();
  };
}

/** Alive, and the index answers. */
function answerHealth({ accounts }: Services): RequestHandler {
  return async (_request, response) => {
    await accounts.hasAccounts();
    response.type('application/json').end('{"status":"ok"}');
  };
}

function answerReadiness(failing: NonNullable<Health['failing']>): RequestHandler {
  return async (_request, response) => {
    const failed = await failing();
    const answer = failed.length === 0 ? { status: 'ready' } : { status: 'not ready', failed };
    response.status(failed.length === 0 ? 200 : 503).type('application/json').end(JSON.stringify(answer));
  };
}

function answerMetrics(metrics: MetricsPage, reach: Reach): RequestHandler {
  return async (request, response) => {
    mayRead(request, metrics.token, reach);
    const text = await metrics.render();
    response.type(metrics.contentType).end(text);
  };
}

function mayRead(request: Request, token: string | undefined, reach: Reach): void {
  if (token === undefined) {
    // Not what a proxy on this machine forwards, nor what a page makes a browser here ask under another name.
    const isHere = isTrustedLocal({ headers: request.headers, remoteAddress: request.socket.remoteAddress }, reach) && isHostAllowed(request.headers.host, reach);
    if (!isHere) throw new Refusal('route-unknown');
    return;
  }
  const presented = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (presented === undefined || !isSame(presented, token)) throw new Refusal('unauthenticated', 'Metrics take the token that the operator named.');
}

/** Hashed first, so that neither time nor length tells anything. */
function isSame(presented: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(presented), digest(token));
}
