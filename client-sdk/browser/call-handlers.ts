/**
 * Calls of a page that are answered once, each carried out on the client. Page-only ones gather what the SDK streams: a
 * download becomes a Blob, which the browser may keep on its disk. DESIGN.md section 7 (Pages).
 */
import type { CallOptions, DiceClient } from '../api.js';
import { gatheredBlob } from './file-sink.js';
import { livePicture } from './live-picture.js';
import type { CallHandlers, NamedImage, Neighbours } from './page-calls.js';
import { forgetTileStates, tileStatesOf } from './tile-states.js';
import { forgetUploads } from './upload-record.js';

export const callHandlers: CallHandlers = {
  register: (client, request, options) => client.register(request, options),
  login: (client, credentials, options) => nothing(client.login(credentials, options)),
  recover: (client, request, options) => nothing(client.recover(request, options)),
  changePassword: (client, request, options) => nothing(client.changePassword(request, options)),
  changeRecoveryWords: (client, request, options) => client.changeRecoveryWords(request, options),
  checkRecoveryWords: (client, words, options) => nothing(client.checkRecoveryWords(words, options)),
  async closeAccount(client, request, options) {
    await client.closeAccount(request, options);
    await forgetTileStates();
    return undefined;
  },
  beginSecondFactor: (client, request, options) => client.beginSecondFactor(request, options),
  confirmSecondFactor: (client, code, options) => client.confirmSecondFactor(code, options),
  endSecondFactor: (client, request, options) => nothing(client.endSecondFactor(request, options)),
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
  livePicture: (_client, request) => livePicture(request),
  tileStates: tileStatesOf,
  neighbours,
  remove: (client, id, options) => nothing(client.remove(id, options)),
  restore: (client, id, options) => nothing(client.restore(id, options)),
  purge: (client, id, options) => nothing(client.purge(id, options)),
  head: (client, _nothing, options) => client.head(options),
  missing: (client, _nothing, options) => client.missing(options),
  acceptLoss: (client, digest, options) => client.acceptLoss(digest, options),
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

/** Its bytes alone say what it is; never a document. */
async function previewBlob(client: DiceClient, id: string, options: CallOptions): Promise<Blob | undefined> {
  const bytes = await client.preview(id, options);
  if (bytes === undefined) return undefined;
  return new Blob([Uint8Array.from(bytes)]);
}

/** The exact file; fails, and gives nothing, where its hash is not the one that was stored. */
function downloadBlob(client: DiceClient, id: string, options: CallOptions): Promise<Blob> {
  return gatheredBlob(client.download(id, options));
}

/** Reads the listing no further than it must. */
async function neighbours(client: DiceClient, id: string, options: CallOptions): Promise<Neighbours> {
  let newer: NamedImage | undefined;
  let isPast = false;
  for await (const image of client.list(options)) {
    const named = { id: image.id, name: image.name };
    if (isPast) return { newer, older: named };
    if (image.id === id) isPast = true;
    else newer = named;
  }
  return { newer: isPast ? newer : undefined, older: undefined };
}
