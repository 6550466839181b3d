/**
 * Calls of a page that are answered piece by piece. Uploads are in upload-stream.ts. DESIGN.md section 7 (Pages).
 */
import type { Image } from '../api.js';
import type { StreamHandlers } from './page-calls.js';
import { plainCheck } from './plain.js';
import { uploadStream } from './upload-stream.js';

export const streamHandlers: StreamHandlers = {
  list: (client, { trash }, { signal }): AsyncIterable<Image> => client.list({ signal, trash }),
  upload: uploadStream,
  async *verify(client, id, { signal }) {
    for await (const check of client.verify(id, { signal })) yield plainCheck(check);
  },
  users: (client, _nothing, { signal }) => client.users({ signal }),
};
