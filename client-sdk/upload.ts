/**
 * Uploads files, several at once: one result for each, a failed file never stops its neighbours. SPEC.md section 12.
 */
import type { UploadedFile, UploadFile, UploadOptions } from './api.js';
import { concurrently } from './concurrent.js';
import { accountOf, type Connection } from './connection.js';
import { DiceError, fault } from './core/errors.js';
import { mostInFlight } from './files-in-flight.js';
import { FingerprintCache } from './fingerprint-cache.js';
import { uploadOne } from './upload-file.js';
import { UploadRun } from './upload-run.js';

const maxFilesInFlight = 64;

/** See DiceClient.upload. */
export async function* uploadFiles(
  connection: Connection,
  files: Iterable<UploadFile> | AsyncIterable<UploadFile>,
  options: UploadOptions,
): AsyncGenerator<UploadedFile, void, void> {
  const inFlight = options.filesInFlight ?? mostInFlight;
  if (!Number.isInteger(inFlight) || inFlight < 1 || inFlight > maxFilesInFlight) throw fault('argument-invalid', `filesInFlight is 1 to ${String(maxFilesInFlight)}.`);
  const stopping = new AbortController();
  const signal = options.signal === undefined ? stopping.signal : AbortSignal.any([options.signal, stopping.signal]);
  const cache = await FingerprintCache.open(connection.platform, connection.server.serverId, accountOf(connection));
  try {
    const run = await UploadRun.begin(connection, { ...options, signal }, cache);
    const series = new Series(run);
    try {
      yield* concurrently(files, inFlight, { work: (file) => series.upload(file), stop: () => { stopping.abort(); } });
    } finally {
      await (signal.aborted ? run.notes.stop() : run.notes.end());
    }
    // After a failure or a break the session stays: its pins are what makes the next try send only what is missing.
    if (!series.hasFailed || run.isDryRun) await run.lane.end();
  } finally {
    await cache?.close();
  }
}

/** Files of one run: equal ones wait for each other, and what ends the run is not tried again for every file. */
class Series {
  hasFailed = false;
  #ended: DiceError | undefined;

  constructor(private readonly run: UploadRun) {}

  async upload(file: UploadFile): Promise<UploadedFile> {
    if (this.run.options.signal?.aborted === true) throw fault('cancelled');
    if (this.#ended !== undefined) return failed(file, this.#ended);
    try {
      return await uploadOne(this.run, file);
    } catch (thrown) {
      const error = asDiceError(thrown);
      this.hasFailed = true;
      if (error.code === 'cancelled') throw error;
      if (endsTheRun(error)) this.#ended = error;
      return failed(file, error);
    }
  }
}

function endsTheRun({ code }: DiceError): boolean {
  return code === 'unauthenticated' || code === 'server-unreachable' || code === 'not-logged-in';
}

/** What is no DiceError is a mistake of this code; it must not lose the neighbours either. */
function asDiceError(thrown: unknown): DiceError {
  if (thrown instanceof DiceError) return thrown;
  const what = thrown instanceof Error ? thrown.message : 'It failed for no known reason.';
  return new DiceError('internal', what, { cause: thrown });
}

function failed(file: UploadFile, error: DiceError): UploadedFile {
  return {
    name: file.name, origin: file.origin, id: undefined, status: 'failed', splitter: undefined,
    logicalBytes: 0, sentBytes: 0, blocks: 0, blocksSent: 0, flatTiles: 0, patchedTiles: 0, error,
  };
}
