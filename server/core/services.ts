/**
 * Builds all services over one set of parts. No rules of its own.
 */
import { createAccounts } from './accounts.js';
import { createBlocks } from './blocks.js';
import type { Parts, Policy, Services } from './contract.js';
import { createHeads } from './heads.js';
import { createImages } from './images.js';
import { createInvitations } from './invitations.js';
import { createReconciler } from './reconcile.js';
import { createReport } from './report.js';
import { createSessions } from './sessions.js';
import { createSweep } from './sweep.js';
import { createThrottle } from './throttle.js';
import { createUploads } from './uploads.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The usual numbers; the operator's settings replace single ones. */
export const defaultPolicy: Policy = {
  existence: 'own',
  signup: 'open',
  quotaBytes: undefined,
  trashMs: 30 * dayMs,
  graceMs: hourMs,
  maxSessionBytes: 64 * 2 ** 30,
  maxProofBytes: 8 * 2 ** 30,
  proofWindowMs: hourMs,
  pageIdleMs: 12 * hourMs,
  pageLifetimeMs: 7 * dayMs,
  bearerLifetimeMs: 30 * dayMs,
  maxInvitations: 100,
};

/** All services. The process keeps one set. */
export function createServices(parts: Parts): Services {
  const sessions = createSessions(parts);
  const images = createImages(parts);
  const reconciler = createReconciler(parts);
  return {
    accounts: createAccounts(parts, sessions, createThrottle(parts.world.clock, parts.meter)),
    sessions,
    invitations: createInvitations(parts),
    blocks: createBlocks(parts),
    uploads: createUploads(parts),
    images,
    heads: createHeads(parts),
    report: createReport(parts),
    sweep: createSweep(parts, { images, reconciler }),
    reconcile: reconciler,
  };
}
