/**
 * A pack encoded anew under another number, in memory: each record at the offset that it had. Pure but for where the records come from. FORMAT.md.
 */
import type { ScannedRecord } from '../../ports/block-store.js';
import { CorruptionError, StorageError } from '../../ports/errors.js';
import { encodePackHeader, packHeaderBytes, RecordFormat, recordHeaderBytes, type Mac } from './pack-format.js';

/** The pack that is made. `bytes`: at least where the last record ends. */
export interface CopiedPack {
  readonly mac: Mac;
  readonly pack: number;
  readonly generation: number;
  readonly bytes: number;
}

/** A pack file begins anew at 64 MiB and an object at 16 MiB; one record more may stand in either. */
const maxPackBytes = 1_073_741_824;

/** The bytes of the pack, up to its last record; none where there is no record. */
export async function copyPack({ mac, pack, generation, bytes }: CopiedPack, records: AsyncIterable<ScannedRecord>): Promise<Uint8Array> {
  if (bytes > maxPackBytes) throw new StorageError(`a pack of ${bytes} bytes cannot be copied: the longest has ${maxPackBytes}`, { retryable: false });
  const copy = new Uint8Array(bytes);
  const format = new RecordFormat(mac, pack);
  let end = 0;
  for await (const { place, type, payload, digest } of records) {
    const { offset } = place;
    const next = offset + recordHeaderBytes + payload.length;
    if (offset < Math.max(end, packHeaderBytes) || next > bytes) throw new CorruptionError(`pack ${place.pack}, offset ${offset}: records overlap, or lie outside of the pack`);
    copy.set(format.encode(offset, { type, length: payload.length, digest }), offset);
    copy.set(payload, offset + recordHeaderBytes);
    end = next;
  }
  if (end === 0) return copy.subarray(0, 0);
  copy.set(encodePackHeader(mac, pack, generation));
  return copy.subarray(0, end);
}
