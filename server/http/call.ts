/**
 * The types that tie a handler to its row of the route table: what it is called with and what it answers. The
 * compiler refuses a route without a handler and a handler with another body. SPEC.md section 12.
 */
import type { Commit } from '../../client-sdk/protocol/commit-body.js';
import type { Frame } from '../../client-sdk/protocol/frames.js';
import type { ImageId, InvitationId, SessionId, UploadId } from '../../client-sdk/protocol/ids.js';
import type { RouteName, routes } from '../../client-sdk/protocol/routes.js';
import type { Schema } from '../../client-sdk/protocol/schema.js';
import type { Caller, FetchedFrames, Origin } from '../core/contract.js';

interface PathIds {
  readonly sessionId: SessionId;
  readonly invitationId: InvitationId;
  readonly uploadId: UploadId;
  readonly imageId: ImageId;
}
/** Name of an id in a path. */
export type PathIdName = keyof PathIds;
type IdNames<Path> = Path extends `${string}:${infer Name}/${infer Rest}` ? Name | IdNames<Rest> : Path extends `${string}:${infer Name}` ? Name : never;

interface Binary {
  readonly frames: AsyncIterable<Frame>;
  readonly commits: readonly Commit[];
  readonly hashes: Uint8Array;
}

type Table = typeof routes;
type BodyOf<Name extends RouteName> = Table[Name] extends { readonly request: infer R } ? (R extends Schema<infer T> ? T : R extends keyof Binary ? Binary[R] : undefined) : undefined;
type FormOf<R> = R extends Schema<infer T> ? T : R extends 'frames' ? FetchedFrames : Uint8Array;

/** What the handler of a route resolves to; the table says how it travels. */
export type AnswerOf<Name extends RouteName> = Table[Name] extends { readonly response: infer R } ? FormOf<R> : undefined;

/** One call of a route, checked by the table: access, ids, body. */
export interface Call<Name extends RouteName> {
  readonly caller: Table[Name]['access'] extends 'anyone' ? undefined : Caller;
  readonly ids: Pick<PathIds, IdNames<Table[Name]['path']> & PathIdName>;
  readonly body: BodyOf<Name>;
  readonly query: ReadonlyMap<string, string>;
  readonly origin: Origin;
  readonly cookie: PageCookie;
}

/** The cookie of page sessions, for the answer under way. */
export interface PageCookie {
  /** Refuses (origin-not-allowed) unless the request comes from this server's own pages. */
  mustComeFromPage(): void;
  /** `maxAgeMs` undefined: the cookie ends with the browser. */
  set(token: Uint8Array, maxAgeMs: number | undefined): void;
  clear(): void;
}

/** Does one route. */
export type Handler<Name extends RouteName> = (call: Call<Name>) => Promise<AnswerOf<Name>>;
/** Handlers of some routes, by name. */
export type HandlersOf<Names extends RouteName> = { readonly [Name in Names]: Handler<Name> };
/** A handler for every route of the table. */
export type Handlers = HandlersOf<RouteName>;
