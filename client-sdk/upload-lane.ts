/**
 * One upload session on the server, shared by the files of a run: begun when it is first needed, begun again where it
 * expired, and commits gathered while another is on its way. Knows tags and sealed bytes, no images. SPEC.md section 12.
 */
import { commitBodyBytes, lengthsOfCommit } from './commit-bytes.js';
import type { Connection } from './connection.js';
import { DiceError, fault } from './core/errors.js';
import type { Commit } from './protocol/commit-body.js';
import { type BlockFrame, encodeStream } from './protocol/frames.js';
import type { UploadId } from './protocol/ids.js';
import { maxCommitsPerRequest } from './protocol/limits.js';
import type { CommitResult, ExistenceAnswer, IntakeAnswer } from './protocol/messages.js';
import { concat } from './protocol/bytes.js';

/** Counts the request bytes that one file costs. */
export class SentMeter {
  bytes = 0;
}

/** A commit and the file that pays for it. */
interface Waiting {
  readonly commit: Commit;
  readonly meter: SentMeter;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (reason: unknown) => void;
}

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
  readonly #waiting: Waiting[] = [];
  #isCommitting = false;

  constructor(
    private readonly connection: Connection,
    private readonly signal: AbortSignal | undefined,
    private readonly memory?: LaneMemory,
  ) {
    if (memory?.left !== undefined) this.#uploadId = Promise.resolve(memory.left);
  }

  /** Existence of T1s, packed in the order given. */
  async ask(tags: Uint8Array<ArrayBuffer>, meter: SentMeter): Promise<{ readonly answer: ExistenceAnswer; readonly uploadId: UploadId }> {
    return this.#inSession(async (uploadId) => {
      const answer = await this.connection.transport.call('askExistence', { body: tags, params: { uploadId }, ...this.#rest(meter) });
      if (answer.states.length * 32 !== tags.length) throw fault('answer-invalid', 'It tells of another number of blocks.');
      return { answer, uploadId };
    });
  }

  /** Claims T1s by proofs, in the session whose nonce they answer: 1 pinned, 0 send it. */
  async claim(uploadId: UploadId, claim: { readonly nonce: Uint8Array; readonly tags: Uint8Array; readonly proofs: Uint8Array }, meter: SentMeter): Promise<Uint8Array> {
    const { states } = await this.connection.transport.call('claimBlocks', { body: claim, params: { uploadId }, ...this.#rest(meter) });
    if (states.length * 32 !== claim.tags.length) throw fault('answer-invalid', 'It tells of another number of blocks.');
    return states;
  }

  /** Sends frames as one stream; one result for each. */
  async send(frames: readonly BlockFrame[], meter: SentMeter): Promise<IntakeAnswer['results']> {
    // Assembled once, so that a repeated try needs no second copy.
    const body = [concat(...encodeStream(frames))];
    return this.#inSession(async (uploadId) => {
      const answer = await this.connection.transport.call('sendBlocks', { body, params: { uploadId }, ...this.#rest(meter) });
      if (answer.results.length !== frames.length) throw fault('answer-invalid', 'It tells of another number of blocks.');
      return answer.results;
    });
  }

  /** Commits one image, together with those of other files that wait at the same time. */
  commit(commit: Commit, meter: SentMeter): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commit, meter, resolve, reject });
      if (!this.#isCommitting) void this.#commitAll();
    });
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

  async #commitAll(): Promise<void> {
    this.#isCommitting = true;
    try {
      while (this.#waiting.length > 0) await this.#commitSome(this.#nextBatch());
    } finally {
      this.#isCommitting = false;
    }
  }

  #nextBatch(): readonly Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 0;
    for (let next = this.#waiting[0]; next !== undefined && batch.length < maxCommitsPerRequest; next = this.#waiting[0]) {
      bytes += commitBodyBytes(lengthsOfCommit(next.commit));
      if (batch.length > 0 && bytes > maxRequestBytes) break;
      batch.push(next);
      this.#waiting.shift();
    }
    return batch;
  }

  async #commitSome(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#inSession(async (uploadId) => {
        const body = batch.map((waiting) => waiting.commit);
        const answer = await this.connection.transport.call('commitImages', { body, params: { uploadId }, signal: this.signal });
        const isInOrder = answer.results.length === batch.length && answer.results.every((result, i) => result.imageId === batch[i]?.commit.imageId);
        if (!isInOrder) throw fault('answer-invalid', 'It tells of other images.');
        return answer.results;
      });
      for (const [i, { commit, meter, resolve }] of batch.entries()) {
        const result = results[i];
        meter.bytes += commitBodyBytes(lengthsOfCommit(commit));
        if (result !== undefined) resolve(result);
      }
    } catch (thrown) {
      for (const waiting of batch) waiting.reject(thrown);
    }
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
