/**
 * One typed call for each route of the table over the platform's fetch: carries the session, bounds the answer,
 * repeats what may be repeated, and turns a problem body back into the same code. Decides nothing about images.
 * SPEC.md section 12.
 */
import { onAbortOf } from './abort-fan.js';
import { DiceError, fault } from './core/errors.js';
import type { Platform } from './ports.js';
import { base64Of, concat, textOf, utf8 } from './protocol/bytes.js';
import { type Commit, commitsType, encodeCommits } from './protocol/commit-body.js';
import { FrameReader, type Frame } from './protocol/frames.js';
import { maxJsonBytes } from './protocol/limits.js';
import { Refusal } from './protocol/refusals.js';
import { apiPrefix, csrfHeader, routes, type Route, type RouteName } from './protocol/routes.js';
import type { Schema } from './protocol/schema.js';
import { refusalOf } from './problem.js';
import { withRetries } from './retries.js';

type Member<N extends RouteName, M extends string> = (typeof routes)[N] extends Readonly<Record<M, infer T>> ? T : undefined;
interface Binary {
  readonly frames: readonly Uint8Array[];
  readonly commits: readonly Commit[];
  readonly hashes: Uint8Array<ArrayBuffer>;
}
type BinaryOf<Form> = Form extends keyof Binary ? Binary[Form] : undefined;
type RequestOf<N extends RouteName> = Member<N, 'request'> extends Schema<infer T> ? T : BinaryOf<Member<N, 'request'>>;
type ResponseOf<N extends RouteName> = Member<N, 'response'> extends Schema<infer T> ? T : Member<N, 'response'> extends 'octets' ? Uint8Array : undefined;

/** Routes whose answer is a stream of frames. */
export type FrameRoute = { [N in RouteName]: Member<N, 'response'> extends 'frames' ? N : never }[RouteName];

/** What a call carries. Path parameters are ids; `query` members that are undefined are left out. */
export interface CallInput<Body> {
  readonly body: Body;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** Told the bytes of each request body. */
  readonly onSent?: ((bytes: number) => void) | undefined;
}

/** How a session is shown to the server. */
export type SessionProof = { readonly kind: 'bearer'; readonly token: Uint8Array } | { readonly kind: 'cookie'; readonly csrfToken: Uint8Array };

const answerTimeoutMs = 120_000;
/** Slower than this, beside the time that one piece may take, and an answer is given up: pieces of one byte must not hold a client for days. */
const minBytesPerMs = 4;
const maxOctets = 1_048_576;
const firstAnswerBytes = 16_384;
/** Content type of a stream of frames. */
const octetsType = 'application/octet-stream';

/** The network of one client. */
export class Transport {
  #proof: SessionProof | undefined;

  constructor(
    private readonly platform: Platform,
    /** Origin and base path, without a slash at the end. */
    private readonly base: string,
  ) {}

  /** From now on calls carry this session, or none. */
  useSession(proof: SessionProof | undefined): void {
    this.#proof = proof;
  }

  /** Calls a route whose answer is JSON, octets or nothing. Throws DiceError. */
  async call<N extends Exclude<RouteName, FrameRoute>>(name: N, input: CallInput<RequestOf<N>>): Promise<ResponseOf<N>> {
    const route: Route = routes[name];
    const attempt = async (): Promise<unknown> => {
      const answer = await this.#send(route, input);
      try {
        return await readAnswer(route, answer);
      } finally {
        answer.release();
      }
    };
    // The schema of this very route parsed the answer.
    return await (this.#repeat(route, input.signal, attempt) as Promise<ResponseOf<N>>);
  }

  /**
   * Calls a route that answers frames, at most `maxFrames`, and yields them as they come. Not repeated: the caller knows
   * what it lacks. Throws DiceError `answer-invalid` for a malformed stream.
   */
  async *frames<N extends FrameRoute>(name: N, input: CallInput<RequestOf<N>>, maxFrames: number): AsyncGenerator<Frame> {
    const answer = await this.#send(routes[name], input);
    const reader = new FrameReader(maxFrames);
    try {
      for await (const piece of answer.pieces()) yield* nonsenseAsFault(() => reader.push(piece));
      nonsenseAsFault(() => { reader.finish(); });
    } finally {
      answer.release();
    }
  }

  #repeat<T>(route: Route, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    return route.isRepeatable ? withRetries(this.platform, signal, attempt) : attempt();
  }

  async #send(route: Route, input: CallInput<unknown>): Promise<Answer> {
    if (input.signal?.aborted === true) throw fault('cancelled');
    const body = bodyOf(route, input.body);
    input.onSent?.(body?.bytes.length ?? 0);
    const deadline = new Deadline(this.platform, input.signal);
    let answer: Answer | undefined;
    try {
      const response = await deadline.guard(this.platform.fetch(this.base + apiPrefix + pathOf(route, input), {
        method: route.method,
        headers: { accept: 'application/json, application/problem+json, application/octet-stream', ...this.#proofHeaders(), ...(body === undefined ? {} : { 'content-type': body.type }) },
        redirect: 'error',
        cache: 'no-store',
        credentials: this.#proof?.kind === 'bearer' || this.platform.carrier === 'bearer' ? 'omit' : 'same-origin',
        signal: deadline.signal,
        ...(body === undefined ? {} : { body: body.bytes }),
      }));
      answer = new Answer(response, deadline, this.platform);
      if (response.ok) return answer;
      throw await refusalFrom(answer);
    } catch (thrown) {
      answer?.release();
      deadline.end();
      throw thrown;
    }
  }

  #proofHeaders(): Readonly<Record<string, string>> {
    if (this.#proof === undefined) return {};
    if (this.#proof.kind === 'bearer') return { authorization: `Bearer ${base64Of(this.#proof.token)}` };
    return { [csrfHeader]: base64Of(this.#proof.csrfToken) };
  }
}

/** Ends a call when the caller's signal says so, or when nothing has come for too long. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #release: () => void;
  #timer = new AbortController();
  #isLate = false;

  constructor(
    private readonly platform: Platform,
    private readonly outer: AbortSignal | undefined,
  ) {
    this.#release = outer === undefined ? () => undefined : onAbortOf(outer, () => { this.#controller.abort(); });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Waits for `step`, no longer than the timeout; failures become DiceError. It does not wait for the step to hear of it: Node's
   * fetch holds its signal weakly, and after a garbage collection the body that is being read hears of nothing.
   */
  async guard<T>(step: Promise<T>): Promise<T> {
    this.#wind();
    let forget: (() => void) | undefined;
    const stopped = new Promise<never>((_, reject) => {
      forget = onAbortOf(this.#controller.signal, () => { reject(new Error('It was given up.')); });
    });
    try {
      return await Promise.race([step, stopped]);
    } catch (cause) {
      if (cause instanceof DiceError) throw cause;
      if (this.outer?.aborted === true) throw fault('cancelled');
      throw fault('server-unreachable', this.#isLate ? 'It did not answer in time.' : undefined, cause);
    } finally {
      forget?.();
      this.#timer.abort();
    }
  }

  /** Drops listeners and timers, and the connection where the answer was not read to its end. */
  end(): void {
    this.#timer.abort();
    this.#release();
    this.#controller.abort();
  }

  #wind(): void {
    this.#timer = new AbortController();
    const lateness = this.platform.sleep(answerTimeoutMs, this.#timer.signal).then(() => {
      this.#isLate = true;
      this.#controller.abort();
    });
    // A timer that was stopped rejects; that is its purpose.
    lateness.catch(() => undefined);
  }
}

/** A response being read. */
class Answer {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(
    readonly response: Response,
    private readonly deadline: Deadline,
    private readonly platform: Pick<Platform, 'now'>,
  ) {
    this.#reader = response.body?.getReader();
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    const reader = this.#reader;
    if (reader === undefined) return;
    let bytes = 0;
    let waitedMs = 0;
    for (;;) {
      const begun = this.platform.now();
      const step = await this.deadline.guard(reader.read());
      if (step.done) return;
      bytes += step.value.length;
      waitedMs += Math.max(0, this.platform.now() - begun);
      if (waitedMs > answerTimeoutMs + bytes / minBytesPerMs) throw fault('server-unreachable', 'It answers too slowly.');
      yield step.value;
    }
  }

  /** Memory: twice what has come, in pieces of any size. */
  async whole(maxBytes: number): Promise<Uint8Array> {
    let whole = new Uint8Array(Math.min(maxBytes, firstAnswerBytes));
    let bytes = 0;
    for await (const piece of this.pieces()) {
      const end = bytes + piece.length;
      if (end > maxBytes) throw fault('answer-invalid', 'It is too long.');
      if (end > whole.length) whole = grown(whole, Math.min(maxBytes, Math.max(end, 2 * whole.length)));
      whole.set(piece, bytes);
      bytes = end;
    }
    return whole.slice(0, bytes);
  }

  /** What was not read to its end is dropped, with its connection. */
  release(): void {
    // Said here too, because the signal may be heard by nobody; a body that failed has nothing to cancel.
    this.#reader?.cancel().catch(() => undefined);
    this.deadline.end();
  }
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(length);
  longer.set(bytes);
  return longer;
}

interface RequestBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

function bodyOf(route: Route, body: unknown): RequestBody | undefined {
  if (route.request === undefined) return undefined;
  // CallInput ties the type of the body to the route: pieces of a stream exactly where the route takes frames, commits where it takes those, and so on.
  if (route.request === 'frames') return { bytes: concat(...(body as readonly Uint8Array[])), type: octetsType };
  if (route.request === 'commits') return { bytes: encodeCommits(body as readonly Commit[]), type: commitsType };
  if (route.request === 'hashes') return { bytes: body as Uint8Array<ArrayBuffer>, type: octetsType };
  return { bytes: utf8(JSON.stringify(route.request.format(body))), type: 'application/json' };
}

function pathOf(route: Route, input: CallInput<unknown>): string {
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(input.params?.[name] ?? ''));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {})) if (value !== undefined) query.set(name, value);
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

async function readAnswer(route: Route, answer: Answer): Promise<unknown> {
  if (route.response === undefined || route.response === 'frames') return undefined;
  if (route.response === 'octets') return await answer.whole(maxOctets);
  const json = jsonOf(await answer.whole(maxJsonBytes));
  const schema = route.response;
  return nonsenseAsFault(() => schema.parse(json, 'answer'));
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes) ?? '');
  } catch {
    throw fault('answer-invalid', 'It is no JSON.');
  }
}

async function refusalFrom(answer: Answer): Promise<DiceError> {
  const bytes = await answer.whole(maxJsonBytes);
  let body: unknown;
  try {
    body = JSON.parse(textOf(bytes) ?? '');
  } catch {
    body = undefined;
  }
  return refusalOf(answer.response.status, body);
}

/** What the schemas and the frame reader refuse in an answer is the server's nonsense, not a refusal. */
function nonsenseAsFault<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof Refusal) throw fault('answer-invalid', thrown.detail);
    throw thrown;
  }
}
