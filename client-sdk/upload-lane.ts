/**
 * One upload session on the server, shared by the files of a run: begun when it is first needed, begun again where it
 * expired; what small files ask, send and commit at the same time goes together. Knows tags and sealed bytes, no images. SPEC.md section 12.
 */
import { commitBodyBytes, lengthsOfCommit } from './commit-bytes.js';
import type { Connection } from './connection.js';
import { DiceError, fault } from './core/errors.js';
import { Gathering } from './gathering.js';
import type { Commit } from './protocol/commit-body.js';
import { type BlockFrame, encodeStream, frameOverheadBytes, streamOverheadBytes } from './protocol/frames.js';
import type { UploadId } from './protocol/ids.js';
import { hashBytes, maxCommitsPerRequest, maxTagsPerQuery } from './protocol/limits.js';
import type { CommitResult, ExistenceAnswer, IntakeAnswer } from './protocol/messages.js';
import { concat } from './protocol/bytes.js';

/** Counts the request bytes that one file costs. */
export class SentMeter {
  bytes = 0;
}

/** What a file asks of the server, and who pays for it. */
interface Asking {
  readonly tags: Uint8Array<ArrayBuffer>;
  readonly meter: SentMeter;
}

interface Sending {
  readonly frames: readonly BlockFrame[];
  readonly meter: SentMeter;
}

interface Committing {
  readonly commit: Commit;
  readonly meter: SentMeter;
}

/** Existence as one file's part of an answer tells it. */
interface Asked {
  readonly answer: ExistenceAnswer;
  readonly uploadId: UploadId;
}

/** Blocks of several files travel together up to so many bytes; larger ones at once, each in a request of their own. */
const maxGatheredBytes = 1_048_576;
const maxGatheredFiles = 64;
const maxRequestBytes = 8_388_608;

/** Where the session of an interrupted run is remembered. */
export interface LaneMemory {
  /** The session that an earlier run left behind. */
  readonly left: UploadId | undefined;
  /** Called with each session that begins, and with undefined when it has ended. */
  readonly keep: (uploadId: UploadId | undefined) => Promise<void>;
}

/** The lane of one run. */
export class UploadLane {
  #uploadId: Promise<UploadId> | undefined;
  readonly #questions: Gathering<Asking, Asked>;
  readonly #blocks: Gathering<Sending, IntakeAnswer['results']>;
  readonly #commits: Gathering<Committing, CommitResult>;

  constructor(
    private readonly connection: Connection,
    private readonly signal: AbortSignal | undefined,
    private readonly memory?: LaneMemory,
  ) {
    const rules = { maxItems: maxGatheredFiles, isOfOne: isOfOneFile };
    this.#questions = new Gathering({ ...rules, maxSize: maxTagsPerQuery, sizeOf: ({ tags }) => tags.length / hashBytes }, (files) => this.#askAll(files));
    this.#blocks = new Gathering({ ...rules, maxSize: maxGatheredBytes, sizeOf: ({ frames }) => ownBytes(frames) }, (files) => this.#sendAll(files));
    const commitRules = { maxItems: maxCommitsPerRequest, maxSize: maxRequestBytes, isOfOne: () => false };
    this.#commits = new Gathering({ ...commitRules, sizeOf: ({ commit }) => commitBodyBytes(lengthsOfCommit(commit)) }, (files) => this.#commitAll(files));
    if (memory?.left !== undefined) this.#uploadId = Promise.resolve(memory.left);
  }

  /** Existence of T1s, packed in the order given, asked together with those of other files that wait at the same time. */
  ask(tags: Uint8Array<ArrayBuffer>, meter: SentMeter): Promise<Asked> {
    // A nonce is bound to all that was asked with it: who may have to prove possession asks alone.
    return this.connection.server.existence === 'own' ? this.#questions.add({ tags, meter }) : this.#ask(tags, [{ tags, meter }]);
  }

  /** Claims T1s by proofs, in the session whose nonce they answer: 1 pinned, 0 send it. */
  async claim(uploadId: UploadId, claim: { readonly nonce: Uint8Array; readonly tags: Uint8Array; readonly proofs: Uint8Array }, meter: SentMeter): Promise<Uint8Array> {
    const { states } = await this.connection.transport.call('claimBlocks', { body: claim, params: { uploadId }, ...this.#rest(meter) });
    if (states.length * 32 !== claim.tags.length) throw fault('answer-invalid', 'It tells of another number of blocks.');
    return states;
  }

  /** Sends frames; one result for each. Few of them go together with those of other files that wait at the same time. */
  async send(frames: readonly BlockFrame[], meter: SentMeter): Promise<IntakeAnswer['results']> {
    if (ownBytes(frames) <= maxGatheredBytes / 2) return this.#blocks.add({ frames, meter });
    const [results] = await this.#sendAll([{ frames, meter }]);
    if (results === undefined) throw new RangeError('one file has one answer');
    return results;
  }

  /** Commits one image, together with those of other files that wait at the same time. */
  commit(commit: Commit, meter: SentMeter): Promise<CommitResult> {
    return this.#commits.add({ commit, meter });
  }

  /** Ends the session and its pins. Failure is no error: it expires by itself. */
  async end(): Promise<void> {
    if (this.#uploadId === undefined) return;
    try {
      const uploadId = await this.#uploadId;
      await this.connection.transport.call('endUpload', { body: undefined, params: { uploadId } });
      await this.memory?.keep(undefined);
    } catch (thrown) {
      if (!(thrown instanceof DiceError)) throw thrown;
    }
  }

  #rest(meter: SentMeter): { readonly signal: AbortSignal | undefined; readonly onSent: (bytes: number) => void } {
    return { signal: this.signal, onSent: (bytes) => { meter.bytes += bytes; } };
  }

  async #askAll(files: readonly Asking[]): Promise<readonly Asked[]> {
    const { answer, uploadId } = await this.#ask(concat(...files.map(({ tags }) => tags)), files);
    let at = 0;
    return files.map(({ tags }) => {
      const states = answer.states.subarray(at, (at += tags.length / hashBytes));
      return { answer: { ...answer, states }, uploadId };
    });
  }

  /** Each try is paid by the files that are in it, each for its own. */
  #ask(tags: Uint8Array<ArrayBuffer>, files: readonly Asking[]): Promise<Asked> {
    const onSent = (): void => { for (const file of files) file.meter.bytes += file.tags.length; };
    return this.#inSession(async (uploadId) => {
      const answer = await this.connection.transport.call('askExistence', { body: tags, params: { uploadId }, signal: this.signal, onSent });
      if (answer.states.length * hashBytes !== tags.length) throw fault('answer-invalid', 'It tells of another number of blocks.');
      return { answer, uploadId };
    });
  }

  /** What is around the frames of all is paid by the first. */
  async #sendAll(files: readonly Sending[]): Promise<readonly IntakeAnswer['results'][]> {
    const frames = files.flatMap((file) => file.frames);
    // Assembled once, so that a repeated try needs no second copy.
    const body = [concat(...encodeStream(frames))];
    const onSent = (): void => { for (const [i, file] of files.entries()) file.meter.bytes += ownBytes(file.frames) + (i === 0 ? streamOverheadBytes : 0); };
    const results = await this.#inSession(async (uploadId) => {
      const answer = await this.connection.transport.call('sendBlocks', { body, params: { uploadId }, signal: this.signal, onSent });
      if (answer.results.length !== frames.length) throw fault('answer-invalid', 'It tells of another number of blocks.');
      return answer.results;
    });
    let at = 0;
    return files.map((file) => results.slice(at, (at += file.frames.length)));
  }

  async #commitAll(files: readonly Committing[]): Promise<readonly CommitResult[]> {
    const results = await this.#inSession(async (uploadId) => {
      const body = files.map(({ commit }) => commit);
      const answer = await this.connection.transport.call('commitImages', { body, params: { uploadId }, signal: this.signal });
      const isInOrder = answer.results.length === files.length && answer.results.every((result, i) => result.imageId === files[i]?.commit.imageId);
      if (!isInOrder) throw fault('answer-invalid', 'It tells of other images.');
      return answer.results;
    });
    for (const { commit, meter } of files) meter.bytes += commitBodyBytes(lengthsOfCommit(commit));
    return results;
  }

  /** In the live session; where the server has forgotten it, once more in a new one. What it lacks then shows at the commit. */
  async #inSession<T>(step: (uploadId: UploadId) => Promise<T>): Promise<T> {
    const used = (this.#uploadId ??= this.#begin());
    try {
      return await step(await used);
    } catch (thrown) {
      if (!(thrown instanceof DiceError) || thrown.code !== 'upload-unknown') throw thrown;
      if (this.#uploadId === used) this.#uploadId = this.#begin();
      return await step(await this.#uploadId);
    }
  }

  async #begin(): Promise<UploadId> {
    try {
      const { uploadId } = await this.connection.transport.call('beginUpload', { body: undefined, signal: this.signal });
      await this.memory?.keep(uploadId);
      return uploadId;
    } catch (thrown) {
      // The next step may try again.
      this.#uploadId = undefined;
      throw thrown;
    }
  }
}

/** Without what is around them. */
function ownBytes(frames: readonly BlockFrame[]): number {
  return frames.reduce((sum, { cipher }) => sum + frameOverheadBytes + cipher.length, 0);
}

/** Refused for what one file brought, perhaps: the others may pass. */
function isOfOneFile(thrown: unknown): boolean {
  return thrown instanceof DiceError && ['quota-exceeded', 'storage-full', 'frame-invalid', 'request-invalid', 'body-too-large'].includes(thrown.code);
}
