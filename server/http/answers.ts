/**
 * Answers, by the table: JSON and octets whole, frames as a stream that reads on as its reader does. Each says how many bytes it holds until its
 * reader has them. SPEC.md sections 7 and 12.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import { encodeEnd, encodeHead, encodeStart, type Frame } from '../../client-sdk/protocol/frames.js';
import { maxEntryBytes, maxManifestBytes, maxRecordBytes, maxRecordsPerRead, maxWrappedKeyBytes } from '../../client-sdk/protocol/limits.js';
import type { Route, RouteName } from '../../client-sdk/protocol/routes.js';
import type { FetchedFrames } from '../core/contract.js';

/** Content type of frames and octets. */
export const octetStream = 'application/octet-stream';

/** An answer that was made and not yet sent. */
export interface Answer {
  /** Bytes that it holds, however slowly they are taken. */
  readonly heldBytes: number;
  /** Resolves when it was sent, or the client has gone. */
  send(response: Response): Promise<void>;
}

/** The form in which the table says that `value` travels. */
export function answerOf(route: Route, value: unknown): Answer {
  if (route.response === undefined) return nothing;
  // The types of call.ts bind each form of the table to the value that its handler resolves to.
  if (route.response === 'octets') return wholeAnswer(octetStream, value as Uint8Array);
  if (route.response === 'frames') return framesAnswer(value as FetchedFrames);
  return wholeAnswer('application/json', utf8(JSON.stringify(route.response.format(value))));
}

/** Of base64url, for each byte. */
const textShare = 4 / 3;
/** What a card has beside its blobs, and an answer beside its records. */
const cardBytes = 1_024;
const recordTextBytes = textShare * (maxEntryBytes + maxWrappedKeyBytes) + cardBytes;

/** By the bytes of the question. A commit may name all of its blocks as missing. */
const foreseen: Partial<Readonly<Record<RouteName, (requestBytes: number) => number>>> = {
  readImage: () => textShare * maxManifestBytes + recordTextBytes,
  readImages: () => textShare * maxRecordBytes + maxRecordsPerRead * recordTextBytes,
  commitImages: (requestBytes) => textShare * requestBytes,
};

/** Bytes that an answer may come to, where it may be so large that there must be room for it before it is made; 0 of all others, which are held as what they are. */
export function foreseenAnswerBytes(name: RouteName, requestBytes: number): number {
  return Math.ceil(foreseen[name]?.(requestBytes) ?? 0);
}

const nothing: Answer = {
  heldBytes: 0,
  send(response) {
    response.status(204).end();
    return over(response);
  },
};

function wholeAnswer(type: string, bytes: Uint8Array): Answer {
  return {
    heldBytes: bytes.length,
    send(response) {
      response.type(type).setHeader('Content-Length', bytes.length);
      // Ended once its bytes were taken: Node cuts an answer that was ended, taken or not, when the server stops, and lets one that was cut pass for sent.
      response.write(bytes, () => { if (response.socket?.destroyed === false) response.end(); });
      return over(response);
    },
  };
}

function over(response: Response): Promise<void> {
  return new Promise((resolve) => {
    if (response.closed) resolve();
    else response.once('close', resolve);
  });
}

function framesAnswer(frames: FetchedFrames): Answer {
  return { heldBytes: frames.heldBytes, send: (response) => sendFrames(response, frames) };
}

async function sendFrames(response: Response, frames: AsyncIterable<Frame>): Promise<void> {
  response.type(octetStream);
  try {
    await pipeline(Readable.from(encoded(frames), { highWaterMark: 1 }), response);
  } catch (error) {
    // The reader left: nobody is there to be told.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

async function* encoded(frames: AsyncIterable<Frame>): AsyncGenerator<Uint8Array, void, void> {
  let sent = 0;
  yield encodeStart();
  for await (const frame of frames) {
    yield encodeHead(frame);
    if (frame.kind === 'block') yield frame.cipher;
    sent++;
  }
  yield encodeEnd(sent);
}
