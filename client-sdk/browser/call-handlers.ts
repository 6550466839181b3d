/**
 * Calls of a page that are answered once, each carried out on the client. Page-only ones gather what the SDK streams: a
 * download becomes a Blob, which the browser may keep on its disk. DESIGN.md section 7 (Pages).
 */
import type { CallOptions, DiceClient } from '../api.js';
import type { CallHandlers, PlainBlockCheck } from './page-calls.js';
import { plainBlockCheck } from './plain.js';
import { forgetTileStates, tileStatesOf } from './tile-states.js';
import { forgetUploads } from './upload-record.js';

/** Pieces are gathered into blobs of about this size, so that memory stays bounded while the browser spills them. */
const blobBytes = 8 * 1_048_576;

export const callHandlers: CallHandlers = {
  register: (client, request, options) => client.register(request, options),
  login: (client, credentials, options) => nothing(client.login(credentials, options)),
  recover: (client, request, options) => nothing(client.recover(request, options)),
  changePassword: (client, request, options) => nothing(client.changePassword(request, options)),
  changeRecoveryWords: (client, request, options) => client.changeRecoveryWords(request, options),
  changeEmail: (client, email, options) => nothing(client.changeEmail(email, options)),
  changeDomain: (client, domain, options) => nothing(client.changeDomain(domain, options)),
  async logout(client, _nothing, options) {
    await forgetTileStates();
    await forgetUploads();
    await client.logout(options);
    return undefined;
  },
  saveSession: (client) => client.saveSession(),
  resumeSession: (client, session, options) => nothing(client.resumeSession(session, options)),
  open: (client, id, options) => client.open(id, options),
  preview: previewBlob,
  download: downloadBlob,
  tileStates: tileStatesOf,
  checkBlock,
  remove: (client, id, options) => nothing(client.remove(id, options)),
  restore: (client, id, options) => nothing(client.restore(id, options)),
  purge: (client, id, options) => nothing(client.purge(id, options)),
  report: (client, _nothing, options) => client.report(options),
  usage: (client, _nothing, options) => client.usage(options),
  invite: (client, request, options) => client.invite(request, options),
  invitations: (client, _nothing, options) => client.invitations(options),
  endInvitation: (client, id, options) => nothing(client.endInvitation(id, options)),
  sessions: (client, _nothing, options) => client.sessions(options),
  endSession: (client, id, options) => nothing(client.endSession(id, options)),
  makeToken: (client, request, options) => client.makeToken(request, options),
  operatorReport: (client, _nothing, options) => client.operatorReport(options),
  collect: (client, _nothing, options) => client.collect(options),
};

async function nothing(step: Promise<void>): Promise<undefined> {
  await step;
  return undefined;
}

/** Typed as the picture that its bytes say, for an <img> alone; never as a document. */
async function previewBlob(client: DiceClient, id: string, options: CallOptions): Promise<Blob | undefined> {
  const bytes = await client.preview(id, options);
  if (bytes === undefined) return undefined;
  return new Blob([Uint8Array.from(bytes)], { type: bytes[0] === 0xff ? 'image/jpeg' : 'image/webp' });
}

/** The exact file; fails, and gives nothing, where its hash is not the one that was stored. */
async function downloadBlob(client: DiceClient, id: string, options: CallOptions): Promise<Blob> {
  const parts: Blob[] = [];
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const piece of client.download(id, options)) {
    pieces.push(Uint8Array.from(piece));
    bytes += piece.length;
    if (bytes < blobBytes) continue;
    parts.push(new Blob(pieces));
    pieces = [];
    bytes = 0;
  }
  return new Blob([...parts, ...pieces], { type: 'application/octet-stream' });
}

/** The SDK checks blocks in their order; this one ends the run as soon as it was checked. */
async function checkBlock(client: DiceClient, request: { readonly id: string; readonly tag: string }, options: CallOptions): Promise<PlainBlockCheck | undefined> {
  for await (const check of client.verify(request.id, options)) {
    if (check.kind === 'block' && check.tag === request.tag) return plainBlockCheck(check);
  }
  return undefined;
}
