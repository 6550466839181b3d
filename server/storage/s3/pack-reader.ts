/**
 * Reads single records by place. Reads that are asked in one turn of the loop and lie near each other in one pack share a request. Every
 * record is checked for itself, whatever it was fetched with.
 */
import { hash } from 'node:crypto';
import type { Place, RecordType } from '../../ports/block-store.js';
import { CorruptionError } from '../../ports/errors.js';
import { maxRecordPayloadBytes, RecordFormat, recordHeaderBytes, type Mac } from '../record-format/pack-format.js';
import type { Bucket, Stretch } from './bucket.js';
import { isPackNumber, packName } from './pack-numbers.js';

interface Wanted {
  readonly place: Place;
  readonly type: RecordType;
  readonly resolve: (payload: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Neighbours that are fetched at once. Offsets in bytes of the pack. */
interface Span {
  readonly start: number;
  end: number;
  readonly wanted: Wanted[];
}

const maxGapBytes = 65_536;
/** A pack of the usual size with its headers. */
const maxSpanBytes = 9_437_184;
const maxRequests = 8;

export class PackReader {
  private readonly asked = new Map<number, Wanted[]>();
  private readonly queue: (() => Promise<void>)[] = [];
  private running = 0;
  private isPlanned = false;

  constructor(
    private readonly bucket: Bucket,
    private readonly mac: Mac,
  ) {}

  /** The checked payload, or undefined where there is no such pack. */
  read(place: Place, type: RecordType): Promise<Uint8Array | undefined> {
    if (!isPackNumber(place.pack)) return Promise.resolve(undefined);
    const { offset, length } = place;
    const isPossible = Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(length) && length >= 0 && length <= maxRecordPayloadBytes;
    if (!isPossible || offset > Number.MAX_SAFE_INTEGER / 2) return Promise.reject(damaged(place, 'no record can lie there'));
    return new Promise((resolve, reject) => {
      const others = this.asked.get(place.pack) ?? [];
      this.asked.set(place.pack, [...others, { place, type, resolve, reject }]);
      if (this.isPlanned) return;
      this.isPlanned = true;
      setImmediate(() => { this.plan(); });
    });
  }

  private plan(): void {
    this.isPlanned = false;
    for (const [pack, wanted] of this.asked) {
      for (const span of spansOf(wanted)) this.queue.push(() => this.fetch(pack, span));
    }
    this.asked.clear();
    this.proceed();
  }

  private proceed(): void {
    while (this.running < maxRequests) {
      const next = this.queue.shift();
      if (next === undefined) return;
      this.running++;
      void next().finally(() => {
        this.running--;
        this.proceed();
      });
    }
  }

  private async fetch(pack: number, span: Span): Promise<void> {
    try {
      const stretch = await this.bucket.get(packName(pack), span.start, span.end - span.start);
      const format = new RecordFormat(this.mac, pack);
      for (const wanted of span.wanted) answer(wanted, { format, span, stretch });
    } catch (error) {
      for (const { reject } of span.wanted) reject(error);
    }
  }
}

interface Fetched {
  readonly format: RecordFormat;
  readonly span: Span;
  readonly stretch: Stretch | undefined;
}

function answer({ place, type, resolve, reject }: Wanted, { format, span, stretch }: Fetched): void {
  if (stretch === undefined) {
    resolve(undefined);
    return;
  }
  try {
    const from = place.offset - span.start;
    const payload = checked(stretch.bytes.subarray(from, from + recordHeaderBytes + place.length), { place, type, format });
    // A copy where others share the bytes: whoever keeps one record must not keep them all.
    resolve(span.wanted.length === 1 ? payload : payload.slice());
  } catch (error) {
    reject(error);
  }
}

function checked(bytes: Uint8Array, { place, type, format }: Pick<Wanted, 'place' | 'type'> & { readonly format: RecordFormat }): Uint8Array {
  if (bytes.length !== recordHeaderBytes + place.length) throw damaged(place, 'the pack ends before the record does');
  const payload = bytes.subarray(recordHeaderBytes);
  const head = format.decode(bytes);
  if (head?.type !== type || head.length !== place.length) throw damaged(place, `no ${type} record of this length begins here`);
  if (!format.isAuthentic(place.offset, bytes.subarray(0, recordHeaderBytes), hash('sha256', payload, 'buffer'))) throw damaged(place, 'the payload is not what was stored');
  return payload;
}

function spansOf(wanted: readonly Wanted[]): readonly Span[] {
  const spans: Span[] = [];
  for (const one of [...wanted].sort((a, b) => a.place.offset - b.place.offset)) {
    const { offset, length } = one.place;
    const end = offset + recordHeaderBytes + length;
    const last = spans.at(-1);
    if (last !== undefined && offset < last.end + maxGapBytes && end - last.start <= maxSpanBytes) {
      last.end = Math.max(last.end, end);
      last.wanted.push(one);
    } else {
      spans.push({ start: offset, end, wanted: [one] });
    }
  }
  return spans;
}

function damaged(place: Place, why: string): CorruptionError {
  return new CorruptionError(`pack ${place.pack}, offset ${place.offset}: ${why}`);
}
