/**
 * Bodies of requests, by the table: JSON through its schema, commits and hashes whole, frames as they come.
 * A body is read only after its sender was let in. SPEC.md sections 7 and 12.
 */
import type { Request, RequestHandler } from 'express';
import { textOf } from '../../client-sdk/protocol/bytes.js';
import { type Commit, commitsType, decodeCommits } from '../../client-sdk/protocol/commit-body.js';
import { FrameReader, type Frame } from '../../client-sdk/protocol/frames.js';
import { hashBytes, maxBatchBytes, maxCommitBodyBytes, maxTagsPerFetch, maxTagsPerQuery } from '../../client-sdk/protocol/limits.js';
import type { Route, RouteName } from '../../client-sdk/protocol/routes.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { invalid, type Schema } from '../../client-sdk/protocol/schema.js';
import { maxIntakeBytes } from '../core/blocks.js';
import { octetStream } from './answers.js';

/** Bodies that carry packed lists of tags or sealed objects; all others stay under `usualJsonBytes`. */
const jsonBytes: Partial<Readonly<Record<RouteName, number>>> = {
  claimBlocks: 1_048_576,
  register: 524_288,
  changeCredentials: 524_288,
};
const usualJsonBytes = 131_072;
/** Of a body that comes in chunks; it grows. */
const firstBytes = 16_384;

/** Hashes in one body of them. */
const maxHashes: Partial<Readonly<Record<RouteName, number>>> = { askExistence: maxTagsPerQuery, fetchBlocks: maxTagsPerFetch };

/** Reads or refuses the body of a route before its handler runs; frames are left on the wire. */
export function readBody(name: RouteName, route: Route): (request: Request) => Promise<void> | void {
  const maxBytes = maxBytesOf(name, route);
  if (route.request === 'frames') return checkFrames;
  if (route.request === 'commits') return takeWhole(commitsType, maxBytes);
  if (route.request === 'hashes') return takeWhole(octetStream, maxBytes);
  if (route.request === undefined) return refuseBody;
  return async (request) => {
    if (request.is('application/json') === false) throw new Refusal('body-type', 'It takes application/json.');
    const body = await readJson(request, maxBytes);
    if (isPasswordInside(body)) throw passwordRefusal();
    request.body = body;
  };
}

/** Bytes that the body of this request may come to hold in memory: as many as it says, or as the route takes where it says nothing. */
export function heldBytesOf(name: RouteName, route: Route, request: Request): number {
  const maxBytes = maxBytesOf(name, route);
  const announced = announcedBytes(request) ?? maxBytes;
  // Refused without being read.
  if (announced > maxBytes) return 0;
  return route.request === 'frames' ? Math.min(announced, maxIntakeBytes) : announced;
}

function maxBytesOf(name: RouteName, { request }: Route): number {
  if (request === undefined) return 0;
  if (request === 'frames') return maxBatchBytes;
  if (request === 'commits') return maxCommitBodyBytes;
  return request === 'hashes' ? (maxHashes[name] ?? 0) * hashBytes : (jsonBytes[name] ?? usualJsonBytes);
}

/** Undefined where it comes in chunks, or there is none. */
function announcedBytes({ headers }: Request): number | undefined {
  return headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
}

/** Refuses secrets in the query, where logs and histories keep them. */
export const checkQuery: RequestHandler = (request, _response, next) => {
  const names = [...new URLSearchParams(request.url.split('?')[1] ?? '').keys()].map((name) => name.toLowerCase());
  if (names.includes('password')) throw passwordRefusal();
  if (names.includes('access_token')) throw new Refusal('request-invalid', 'A token travels in the Authorization header only.');
  next();
};

/** The parsed JSON body. Throws request-invalid. */
export function parseJson(schema: Schema<unknown>, request: Request): unknown {
  return schema.parse(request.body, 'body');
}

/** The commits of a body that was read. Throws request-invalid. */
export function parseCommits(request: Request): readonly Commit[] {
  // takeWhole put it there.
  return decodeCommits(request.body as Uint8Array);
}

/** The hashes of a body that was read, packed. Throws request-invalid where one is cut off. */
export function hashesOf(request: Request): Uint8Array {
  // takeWhole put it there.
  const packed = request.body as Uint8Array;
  if (packed.length % hashBytes !== 0) throw invalid('body', `hashes of ${String(hashBytes)} bytes each`);
  return packed;
}

/**
 * The frames of a request as they come; nothing is read ahead of the consumer beyond one piece of the socket. Throws
 * frame-invalid, body-too-large. Leaves the request open, so that a refusal can still be answered.
 */
export async function* framesOf(request: Request): AsyncGenerator<Frame, void, void> {
  const reader = new FrameReader();
  let bytes = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    // A request without an encoding yields buffers.
    const received = piece as Uint8Array;
    bytes += received.length;
    if (bytes > maxBatchBytes) throw new Refusal('body-too-large');
    yield* reader.push(received);
  }
  reader.finish();
}

/** Not a body parser of express: those read an endless body to its end before they refuse it. Undefined where there is none. */
async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  if (request.headers['content-encoding'] !== undefined) throw new Refusal('body-type', 'Compressed bodies are not taken.');
  if (/charset=(?!"?utf-8"?\s*(;|$))/i.test(request.headers['content-type'] ?? '')) throw new Refusal('body-type', 'The body must be UTF-8.');
  const bytes = await readWhole(request, maxBytes);
  return bytes.length === 0 ? undefined : jsonOf(bytes);
}

/** All bytes of a body. Throws body-too-large as soon as they are more than `maxBytes`, announced or come. */
async function readWhole(request: Request, maxBytes: number): Promise<Uint8Array> {
  const announced = announcedBytes(request);
  if ((announced ?? 0) > maxBytes) throw new Refusal('body-too-large');
  // Pieces are not kept: a stranger decides how many there are, and the smallest costs a hundred bytes.
  let whole = new Uint8Array(announced ?? Math.min(maxBytes, firstBytes));
  let bytes = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    // A request without an encoding yields buffers.
    const received = piece as Uint8Array;
    const end = bytes + received.length;
    if (end > maxBytes) throw new Refusal('body-too-large');
    if (end > whole.length) whole = grown(whole, Math.min(maxBytes, Math.max(end, 2 * whole.length)));
    whole.set(received, bytes);
    bytes = end;
  }
  return whole.subarray(0, bytes);
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(length);
  longer.set(bytes);
  return longer;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes) ?? '');
  } catch {
    throw new Refusal('request-invalid', 'The body is not JSON.');
  }
}

function checkFrames(request: Request): void {
  mustBe(octetStream, request);
  if ((announcedBytes(request) ?? 0) > maxBatchBytes) throw new Refusal('body-too-large');
}

/** Reads a body of this type whole. */
function takeWhole(type: string, maxBytes: number): (request: Request) => Promise<void> {
  return async (request) => {
    mustBe(type, request);
    request.body = await readWhole(request, maxBytes);
  };
}

function mustBe(type: string, request: Request): void {
  if (request.is(type) === false || request.headers['content-encoding'] !== undefined) throw new Refusal('body-type', `It takes ${type}.`);
}

function refuseBody(request: Request): void {
  const isEmpty = request.headers['transfer-encoding'] === undefined && (announcedBytes(request) ?? 0) === 0;
  if (!isEmpty) throw new Refusal('request-invalid', 'This route takes no body.');
}

/** The record of a password is an object; anything else under that name is a password in clear. */
function isPasswordInside(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  return Object.entries(body).some(([name, value]) => name.toLowerCase() === 'password' && (typeof value !== 'object' || value === null));
}

function passwordRefusal(): Refusal {
  return new Refusal('request-invalid', 'A password must never be sent. The client derives a key from it.');
}
