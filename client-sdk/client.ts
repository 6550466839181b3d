/**
 * The door of the SDK: connects a platform to one server. What a client can do stands in api.ts; here each method only
 * hands on to the part that does it. SPEC.md section 12.
 */
import { type OpenAccount, summaryOf } from './account.js';
import { rereadAccount } from './account-reading.js';
import type {
  AccountSummary, BegunSecondFactor, BlockCheck, BlockStep, CallOptions, CloseRequest, ConnectOptions, Credentials, DiceClient, DomainKind, DownloadOptions, FileCheck, HeadDifferences, HeadFigures,
  Image, InviteResult, ListOptions, OpenImage, RecoverRequest, RegisterRequest, SavedSession, TokenResult, UploadedFile, UploadFile, UploadOptions,
} from './api.js';
import { checkBlockOf } from './block-check.js';
import { closeAccount } from './closing.js';
import { accountOf, type Connection, forgetSession, sessionOf } from './connection.js';
import { DiceError, fault } from './core/errors.js';
import { realmOf } from './core/keys/password.js';
import * as credentials from './credentials.js';
import type { AccountFigures } from './figures.js';
import { FingerprintCache } from './fingerprint-cache.js';
import { acceptLoss, headFigures, missingImages } from './head-acceptance.js';
import { checkedListing } from './head-check.js';
import { purgeImage, restoreImage, trashImage } from './image-places.js';
import { imageOf } from './listing.js';
import { checkedImageId, findImage } from './named-image.js';
import type { Platform } from './ports.js';
import { previewOf } from './preview.js';
import type { AccountId, InvitationId, SessionId } from './protocol/ids.js';
import type { CollectAnswer, InvitationCard, OperatorReport, ServerCard, SessionCard, Usage, UserCard } from './protocol/messages.js';
import { checkRecoveryWords } from './recovery-check.js';
import { reportOf } from './report.js';
import { ImageReads } from './image-reads.js';
import { beginSecondFactor, confirmSecondFactor, endSecondFactor } from './second-factor.js';
import * as sessions from './sessions.js';
import { openedView, openImage, type StoredImage } from './stored-image.js';
import { Transport } from './transport.js';
import { uploadFiles } from './upload.js';
import { verifyImage } from './verify.js';
import { bytesOfImage } from './whole-file.js';

const defaultInvitationDays = 7;

/**
 * Asks the server what it is and checks that it is the host that was dialled. Throws DiceError `realm-mismatch`,
 * `server-unreachable`, `answer-invalid` or `argument-invalid`.
 */
export async function connectWith(platform: Platform, options: ConnectOptions): Promise<DiceClient> {
  const url = parsedServerUrl(options.server);
  const serverUrl = url.origin + url.pathname.replace(/\/+$/, '');
  const transport = new Transport(platform, serverUrl);
  const server = await transport.call('readServer', { body: undefined, signal: options.signal });
  const dialled = realmOf(url.hostname);
  if (realmOf(server.realm) !== dialled && (await options.confirmRealm?.(server.realm, dialled)) !== true) {
    throw fault('realm-mismatch', `It says ${JSON.stringify(server.realm.slice(0, 100))}, and ${JSON.stringify(dialled)} was dialled.`);
  }
  return new ConnectedClient({ platform, transport, reads: new ImageReads(transport), server, serverUrl, session: undefined });
}

function parsedServerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isServer = url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '';
  if (!isServer || url.search !== '' || url.hash !== '') throw fault('argument-invalid', 'The server is named as https://host or http://host, with a port where needed.');
  return url;
}

class ConnectedClient implements DiceClient {
  /** The image whose blocks are being checked one by one: its lists are fetched once, for this session alone. */
  #checked: { readonly stored: StoredImage; readonly session: Connection['session'] } | undefined;

  constructor(private readonly connection: Connection) {}

  get server(): ServerCard {
    return this.connection.server;
  }

  get serverUrl(): string {
    return this.connection.serverUrl;
  }

  get account(): AccountSummary | undefined {
    const { session } = this.connection;
    return session === undefined ? undefined : summaryOf(session.account);
  }

  async register(request: RegisterRequest, options: CallOptions = {}): Promise<{ readonly recoveryWords: string }> {
    return { recoveryWords: await credentials.register(this.connection, request, options.signal) };
  }

  login(request: Credentials, options: CallOptions = {}): Promise<void> {
    return credentials.login(this.connection, request, options.signal);
  }

  recover(request: RecoverRequest, options: CallOptions = {}): Promise<void> {
    return credentials.recover(this.connection, request, options.signal);
  }

  changePassword(request: { readonly current: string; readonly next: string; readonly code?: string | undefined }, options: CallOptions = {}): Promise<void> {
    return credentials.changePassword(this.connection, request, options.signal);
  }

  async changeRecoveryWords(request: { readonly password: string; readonly code?: string | undefined }, options: CallOptions = {}): Promise<{ readonly recoveryWords: string }> {
    return { recoveryWords: await credentials.changeRecoveryWords(this.connection, request, options.signal) };
  }

  checkRecoveryWords(words: string, options: CallOptions = {}): Promise<void> {
    return checkRecoveryWords(this.connection, words, options.signal);
  }

  async closeAccount(request: CloseRequest, options: CallOptions = {}): Promise<void> {
    const account = accountOf(this.connection);
    await closeAccount(this.connection, request, options.signal);
    await this.#forget(account);
  }

  beginSecondFactor(request: { readonly password: string }, options: CallOptions = {}): Promise<BegunSecondFactor> {
    return beginSecondFactor(this.connection, request.password, options.signal);
  }

  confirmSecondFactor(code: string, options: CallOptions = {}): Promise<{ readonly backupCodes: readonly string[] }> {
    return confirmSecondFactor(this.connection, code, options.signal);
  }

  endSecondFactor(request: { readonly password: string; readonly code: string }, options: CallOptions = {}): Promise<void> {
    return endSecondFactor(this.connection, request, options.signal);
  }

  async changeEmail(email: string | undefined, options: CallOptions = {}): Promise<void> {
    accountOf(this.connection);
    await this.connection.transport.call('changeEmail', { body: email === undefined ? {} : { email }, signal: options.signal });
    await rereadAccount(this.connection, options.signal);
  }

  changeDomain(domain: DomainKind, options: CallOptions = {}): Promise<void> {
    return sessions.changeDomain(this.connection, domain, options.signal);
  }

  async logout(options: CallOptions = {}): Promise<void> {
    const account = accountOf(this.connection);
    try {
      await this.connection.transport.call('logout', { body: undefined, signal: options.signal });
    } catch (thrown) {
      // A session that has ended already is what was asked for.
      if (!(thrown instanceof DiceError) || thrown.code !== 'unauthenticated') throw thrown;
    } finally {
      await this.#forget(account);
    }
  }

  saveSession(): Promise<SavedSession> {
    return sessions.saveSession(this.connection);
  }

  resumeSession(session: SavedSession, options: CallOptions = {}): Promise<void> {
    return sessions.resumeSession(this.connection, session, options.signal);
  }

  upload(files: Iterable<UploadFile> | AsyncIterable<UploadFile>, options: UploadOptions = {}): AsyncIterable<UploadedFile> {
    return uploadFiles(this.connection, files, options);
  }

  async *list(options: ListOptions = {}): AsyncGenerator<Image, void, void> {
    for await (const listed of checkedListing(this.connection, options)) yield imageOf(listed);
  }

  find(idOrName: string, options: ListOptions = {}): Promise<Image> {
    return findImage(this.connection, idOrName, options);
  }

  async open(id: string, options: CallOptions = {}): Promise<OpenImage> {
    return openedView(this.connection, await openImage(this.connection, checkedImageId(id), { signal: options.signal }));
  }

  async *download(id: string, options: DownloadOptions = {}): AsyncGenerator<Uint8Array, void, void> {
    yield* bytesOfImage(this.connection, checkedImageId(id), { signal: options.signal, memory: options.memory });
  }

  verify(id: string, options: CallOptions = {}): AsyncIterable<BlockCheck | FileCheck> {
    return verifyImage(this.connection, checkedImageId(id), options.signal);
  }

  async *checkBlock(id: string, tag: string, { signal }: CallOptions = {}): AsyncGenerator<BlockStep | BlockCheck, void, void> {
    const imageId = checkedImageId(id);
    const { session } = this.connection;
    const isKept = this.#checked?.session === session && this.#checked?.stored.fetcher.imageId === imageId;
    const stored = (isKept ? this.#checked?.stored : undefined) ?? (await openImage(this.connection, imageId, { signal }));
    this.#checked = { stored, session };
    yield* checkBlockOf(this.connection, stored, { tag, signal });
  }

  preview(id: string, { signal }: CallOptions = {}): Promise<Uint8Array | undefined> {
    return previewOf(this.connection, checkedImageId(id), signal);
  }

  async remove(id: string, options: CallOptions = {}): Promise<void> {
    await trashImage(this.connection, checkedImageId(id), options.signal);
  }

  async restore(id: string, options: CallOptions = {}): Promise<void> {
    await restoreImage(this.connection, checkedImageId(id), options.signal);
  }

  async purge(id: string, options: CallOptions = {}): Promise<void> {
    await purgeImage(this.connection, checkedImageId(id), options.signal);
  }

  head(options: CallOptions = {}): Promise<HeadFigures | undefined> {
    return headFigures(this.connection, options);
  }

  missing(options: CallOptions = {}): Promise<HeadDifferences> {
    return missingImages(this.connection, options);
  }

  acceptLoss(digest: string, options: CallOptions = {}): Promise<number> {
    return acceptLoss(this.connection, digest, options);
  }

  report(options: CallOptions = {}): Promise<AccountFigures> {
    return reportOf(this.connection, options.signal);
  }

  usage(options: CallOptions = {}): Promise<Usage> {
    return this.connection.transport.call('readUsage', { body: undefined, signal: options.signal });
  }

  invite(request: { readonly days?: number | undefined } = {}, options: CallOptions = {}): Promise<InviteResult> {
    return sessions.invite(this.connection, request.days ?? defaultInvitationDays, options.signal);
  }

  async invitations(options: CallOptions = {}): Promise<readonly InvitationCard[]> {
    return (await this.connection.transport.call('listInvitations', { body: undefined, signal: options.signal })).invitations;
  }

  async endInvitation(id: string, options: CallOptions = {}): Promise<void> {
    const params = { invitationId: sessions.checkedId<InvitationId>(id) };
    await this.connection.transport.call('endInvitation', { body: undefined, params, signal: options.signal });
  }

  async sessions(options: CallOptions = {}): Promise<readonly SessionCard[]> {
    return (await this.connection.transport.call('listSessions', { body: undefined, signal: options.signal })).sessions;
  }

  async endSession(id: string, options: CallOptions = {}): Promise<void> {
    const sessionId = sessions.checkedId<SessionId>(id);
    await this.connection.transport.call('endSession', { body: undefined, params: { sessionId }, signal: options.signal });
    if (sessionId === sessionOf(this.connection).sessionId) forgetSession(this.connection);
  }

  makeToken(request: { readonly device: string; readonly days: number }, options: CallOptions = {}): Promise<TokenResult> {
    return sessions.makeToken(this.connection, request, options);
  }

  operatorReport(options: CallOptions = {}): Promise<OperatorReport> {
    return this.connection.transport.call('readOperatorReport', { body: undefined, signal: options.signal });
  }

  async *users(options: CallOptions = {}): AsyncGenerator<UserCard, void, void> {
    const seen = new Set<AccountId>();
    let cursor: string | undefined;
    do {
      const page = await this.connection.transport.call('listUsers', { body: undefined, query: { cursor }, signal: options.signal });
      for (const user of page.users) {
        if (seen.has(user.accountId)) throw fault('answer-invalid', 'The listing repeats itself.');
        seen.add(user.accountId);
        yield user;
      }
      if (page.next !== undefined && page.users.length === 0) throw fault('answer-invalid', 'The listing does not go on.');
      cursor = page.next;
    } while (cursor !== undefined);
  }

  collect(options: CallOptions = {}): Promise<CollectAnswer> {
    return this.connection.transport.call('collect', { body: undefined, signal: options.signal });
  }

  async close(): Promise<void> {
    await this.connection.platform.close?.();
  }

  /** What this client keeps of an account: keys in memory, and the cache of fingerprints. */
  async #forget(account: OpenAccount): Promise<void> {
    this.#checked = undefined;
    forgetSession(this.connection);
    await (await FingerprintCache.open(this.connection.platform, this.connection.server.serverId, account))?.erase();
  }
}
