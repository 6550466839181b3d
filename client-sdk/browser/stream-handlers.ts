/**
 * Calls of a page that are answered piece by piece. An upload also notes what became of each content, so that the block map
 * can show it later in this browser. DESIGN.md section 7 (Pages).
 */
import type { CallOptions, DiceClient, Image, UploadEvent } from '../api.js';
import { archiveImages } from './archive.js';
import { openSink } from './file-sink.js';
import { uploadFileOf, type PickedFile } from './file-source.js';
import type { SaveUpdate, StreamHandlers, UploadUpdate } from './page-calls.js';
import { plainBlockCheck, plainCheck, plainUploaded } from './plain.js';
import { TileRecorder } from './tile-states.js';

export const streamHandlers: StreamHandlers = {
  list: (client, { trash }, options): AsyncIterable<Image> => client.list({ ...options, trash }),
  async *newest(client, { since }, options) {
    for await (const image of client.list(options)) {
      if (image.createdAt < since) return;
      yield image;
    }
  },
  upload,
  save,
  archive: archiveImages,
  async *verify(client, id, options) {
    for await (const check of client.verify(id, options)) yield plainCheck(check);
  },
  async *checkBlock(client, { id, tag }, options) {
    for await (const told of client.checkBlock(id, tag, options)) yield told.kind === 'step' ? told : plainBlockCheck(told);
  },
  users: (client, _nothing, options) => client.users(options),
};

/** The download ends only after its hash was found right: before that, no file stands there. */
async function* save(client: DiceClient, { id, target }: { readonly id: string; readonly target: FileSystemFileHandle | undefined }, options: CallOptions): AsyncGenerator<SaveUpdate> {
  const sink = await openSink(target, 'application/octet-stream');
  let bytes = 0;
  try {
    for await (const piece of client.download(id, options)) {
      await sink.write(piece);
      bytes += piece.length;
      yield { kind: 'progress', bytes };
    }
    yield { kind: 'done', blob: await sink.finish() };
  } catch (thrown) {
    await sink.abandon();
    throw thrown;
  }
}

/** Events and outcomes in the order in which they come. */
async function* upload(client: DiceClient, files: readonly PickedFile[], options: CallOptions): AsyncGenerator<UploadUpdate> {
  const queue = new UpdateQueue();
  const recorder = new TileRecorder();
  const onProgress = (event: UploadEvent): void => {
    recorder.note(event);
    queue.push({ kind: 'event', event });
  };
  const run = async (): Promise<void> => {
    for await (const file of client.upload(files.map(uploadFileOf), { ...options, onProgress })) {
      await recorder.keep(file);
      queue.push({ kind: 'done', file: plainUploaded(file) });
    }
  };
  const ended = run().finally(() => { queue.end(); });
  // The queue says when it ended; a failure comes out of the last await.
  ended.catch(() => undefined);
  yield* queue.updates();
  await ended;
}

/** Hands over what a callback was told, in order. */
class UpdateQueue {
  #waiting: UploadUpdate[] = [];
  #isEnded = false;
  #wake: () => void = () => undefined;

  push(update: UploadUpdate): void {
    this.#waiting.push(update);
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async *updates(): AsyncGenerator<UploadUpdate> {
    for (;;) {
      const taken = this.#waiting;
      this.#waiting = [];
      yield* taken;
      if (this.#waiting.length > 0) continue;
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
  }
}
