/**
 * Calls of a page that are answered piece by piece. Uploads are in upload-stream.ts. DESIGN.md section 7 (Pages).
 */
import type { CallOptions, DiceClient, Image } from '../api.js';
import { archiveImages } from './archive.js';
import { openSink } from './file-sink.js';
import type { SaveUpdate, StreamHandlers } from './page-calls.js';
import { plainBlockCheck, plainCheck } from './plain.js';
import { uploadStream } from './upload-stream.js';

export const streamHandlers: StreamHandlers = {
  list: (client, { trash }, { signal }): AsyncIterable<Image> => client.list({ signal, trash }),
  async *newest(client, { since }, { signal }) {
    for await (const image of client.list({ signal })) {
      if (image.createdAt < since) return;
      yield image;
    }
  },
  upload: uploadStream,
  save,
  archive: archiveImages,
  async *verify(client, id, { signal }) {
    for await (const check of client.verify(id, { signal })) yield plainCheck(check);
  },
  async *checkBlock(client, { id, tag }, { signal }) {
    for await (const told of client.checkBlock(id, tag, { signal })) yield told.kind === 'step' ? told : plainBlockCheck(told);
  },
  users: (client, _nothing, { signal }) => client.users({ signal }),
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
