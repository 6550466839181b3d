/**
 * The simplest coder that keeps the contract: u32 length, then the content's own bytes. For tests of sealing that
 * must not depend on how contents are really coded.
 */
import type { ContentCoder } from '../../client-sdk/core/block.js';
import { fault } from '../../client-sdk/core/errors.js';
import { concat, u32 } from '../../client-sdk/protocol/bytes.js';

/** Codes by a length prefix. */
export const plainCoder: ContentCoder = {
  code: (content) => concat(u32(content.length), content),
  decode(coded) {
    if (plainCoder.length(coded) !== coded.length) throw fault('recipe-invalid', 'bytes follow the content');
    return coded.slice(4);
  },
  length(coded) {
    const length = coded.length < 4 ? NaN : 4 + new DataView(coded.buffer, coded.byteOffset).getUint32(0);
    if (!(length <= coded.length)) throw fault('recipe-invalid', 'it ends early');
    return length;
  },
};
