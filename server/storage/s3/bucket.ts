/**
 * The few requests that the store makes of its bucket, by names below its prefix. Absence is `undefined`; everything else that
 * fails is an error of the ports. What the service answers is believed only where it fits what was asked.
 */
import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand,
  ListObjectsV2Command, PutObjectCommand, UploadPartCommand, type CompletedPart, type S3Client,
} from '@aws-sdk/client-s3';
import type { Meter, Times } from '../../ports/meter.js';
import { answered, guarded, oddAnswer, storageErrorOf } from './failure.js';
import { openClient, WholeBody, type Service } from './object-client.js';

/** Bytes of an object from an offset on: fewer than asked for where it ends before. `total` is the length of the whole object. */
export interface Stretch {
  readonly bytes: Uint8Array;
  readonly total: number;
}

/** One name of a listing, without the prefix. */
export interface Listed {
  readonly name: string;
  readonly bytes: number;
}

/**
 * `taken`: the name was in use and nothing was written. `unconditional`: the service knows no write that spares a name in use, and
 * nothing was written.
 */
export type WriteOutcome = 'written' | 'taken' | 'unconditional';

const partBytes = 8_388_608;
const singlePutBytes = 16_777_216;
const maxBarrenPages = 100;

export class Bucket {
  private readonly patient: S3Client;
  /** Writes of packs are tried once: a name whose outcome is unknown is not used again. */
  private readonly once: S3Client;

  constructor(
    private readonly bucket: string,
    private readonly prefix: string,
    private readonly service: Service & { readonly meter?: Meter },
  ) {
    this.patient = openClient(service);
    this.once = openClient({ ...service, attempts: 1 });
  }

  /** At most `length` bytes from `offset` on; undefined where there is no such object. */
  get(name: string, offset: number, length: number): Promise<Stretch | undefined> {
    const doing = `reading ${name}`;
    return guarded(doing, async () => {
      const answer = await this.timed('get', () => this.send(name, offset, length));
      if (answer === undefined || 'total' in answer) return answer;
      const body: unknown = answer.Body;
      const bytes = body instanceof WholeBody ? body.bytes : new Uint8Array(0);
      const range = answer.ContentRange === undefined ? undefined : rangeOf(answer.ContentRange);
      // Some services answer a whole object that way when all of it was asked for.
      if (range === undefined && answer.$metadata.httpStatusCode === 200 && offset === 0) return { bytes, total: bytes.length };
      const wanted = range === undefined ? -1 : Math.min(length, range.total - offset);
      if (range?.first !== offset || bytes.length !== wanted || range.last !== offset + bytes.length - 1) throw oddAnswer(doing, 'another range than was asked for');
      return { bytes, total: range.total };
    });
  }

  /** Writes a small object, over whatever is there. Repeatable: asked twice it is the same. */
  replace(name: string, body: Uint8Array): Promise<void> {
    return guarded(`writing ${name}`, async () => {
      await this.patient.send(new PutObjectCommand({ ...this.named(name), Body: body, ContentLength: body.length }));
    });
  }

  /**
   * Writes a new object, once. With `isConditional` the service is asked to spare a name in use. Rejects with StorageError where it failed or nothing is
   * known: the object may be there or come to be there later.
   */
  async create(name: string, body: Uint8Array, isConditional: boolean): Promise<WriteOutcome> {
    const condition = isConditional ? { IfNoneMatch: '*' } : {};
    try {
      await this.timed('put', async () => {
        if (body.length > singlePutBytes) await this.createInParts(name, body, condition);
        else await this.once.send(new PutObjectCommand({ ...this.named(name), ...condition, Body: body, ContentLength: body.length }));
      });
      return 'written';
    } catch (error) {
      const { status } = answered(error);
      if (isConditional && (status === 412 || status === 409)) return 'taken';
      if (isConditional && status === 501) return 'unconditional';
      throw storageErrorOf(error, `writing ${name}`);
    }
  }

  /** There is an object of this name. */
  has(name: string): Promise<boolean> {
    return guarded(`looking for ${name}`, async () => {
      try {
        await this.patient.send(new HeadObjectCommand(this.named(name)));
        return true;
      } catch (error) {
        if (answered(error).status === 404) return false;
        throw error;
      }
    });
  }

  /** Absence is no error. */
  remove(name: string): Promise<void> {
    return guarded(`removing ${name}`, async () => {
      try {
        await this.patient.send(new DeleteObjectCommand(this.named(name)));
      } catch (error) {
        if (answered(error).code !== 'NoSuchKey') throw error;
      }
    });
  }

  /** Names that begin with `start`, ascending, those up to `after` left out. One page in memory. */
  async *list(start: string, after?: string): AsyncGenerator<Listed> {
    let last = '';
    let token: string | undefined;
    for (let barren = 0; barren < maxBarrenPages; ) {
      const page = await this.page(start, { after, token });
      const before = last;
      for (const { name, bytes } of page.found) {
        // Taken in another order, one could be passed over, and the same page again would be a page without end.
        if (name < last) throw oddAnswer(`listing ${start}`, 'names out of order');
        if (name === last) continue;
        last = name;
        if (after === undefined || name > this.prefix + after) yield { name: name.slice(this.prefix.length), bytes };
      }
      if (page.next === undefined) return;
      barren = last > before ? 0 : barren + 1;
      token = page.next;
    }
    throw oddAnswer(`listing ${start}`, 'pages without end');
  }

  /** Ends all connections. */
  close(): void {
    this.patient.destroy();
    this.once.destroy();
  }

  /** Failed ones count too: a timeout is what the operator wants to see. */
  private async timed<T>(kind: Times['object'], work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      this.service.meter?.time('object', kind, (performance.now() - startedAt) / 1_000);
    }
  }

  private async send(name: string, offset: number, length: number) {
    try {
      return await this.patient.send(new GetObjectCommand({ ...this.named(name), Range: `bytes=${offset}-${offset + length - 1}` }));
    } catch (error) {
      const { status, code } = answered(error);
      if (code === 'NoSuchKey') return undefined;
      // The object ends before the range begins; how long it is, a client cannot tell from that, but that it is no longer.
      if (status === 416) return { bytes: new Uint8Array(0), total: offset };
      throw error;
    }
  }

  private async createInParts(name: string, body: Uint8Array, condition: { readonly IfNoneMatch?: string }): Promise<void> {
    const { UploadId } = await this.once.send(new CreateMultipartUploadCommand(this.named(name)));
    if (UploadId === undefined) throw oddAnswer(`writing ${name}`, 'no upload in parts');
    const upload = { ...this.named(name), UploadId };
    try {
      const Parts: CompletedPart[] = [];
      for (let at = 0; at < body.length; at += partBytes) {
        const Body = body.subarray(at, at + partBytes);
        const part = { PartNumber: Parts.length + 1 };
        const { ETag } = await this.patient.send(new UploadPartCommand({ ...upload, ...part, Body, ContentLength: Body.length }));
        if (ETag === undefined) throw oddAnswer(`writing ${name}`, 'a part without a tag');
        Parts.push({ ...part, ETag });
      }
      await this.once.send(new CompleteMultipartUploadCommand({ ...upload, ...condition, MultipartUpload: { Parts } }));
    } catch (error) {
      // What is left of it costs money and is nothing else; the bucket's lifecycle rule removes what this does not.
      await this.once.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
      throw error;
    }
  }

  private page(start: string, from: { readonly after: string | undefined; readonly token: string | undefined }): Promise<{ readonly found: readonly Listed[]; readonly next: string | undefined }> {
    const doing = `listing ${start}`;
    return guarded(doing, async () => {
      const place = from.token === undefined ? { ...(from.after === undefined ? {} : { StartAfter: this.prefix + from.after }) } : { ContinuationToken: from.token };
      const { Contents = [], IsTruncated, NextContinuationToken, Name, KeyCount } = await this.patient.send(
        new ListObjectsV2Command({ Bucket: this.bucket, Prefix: this.prefix + start, ...place }),
      );
      // An answer that is no listing must not pass for an empty bucket.
      if (Name === undefined && KeyCount === undefined) throw oddAnswer(doing, 'something that is no listing');
      if (IsTruncated === true && (NextContinuationToken ?? '') === '') throw oddAnswer(doing, 'a page that names no next one');
      const found = Contents.flatMap(({ Key = '', Size }) => (Key.startsWith(this.prefix + start) ? [{ name: Key, bytes: sizeOf(doing, Size) }] : []));
      return { found, next: IsTruncated === true ? NextContinuationToken : undefined };
    });
  }

  private named(name: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.bucket, Key: this.prefix + name };
  }
}

function rangeOf(header: string): { readonly first: number; readonly last: number; readonly total: number } | undefined {
  const [, first, last, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header) ?? [];
  return total === undefined ? undefined : { first: Number(first), last: Number(last), total: Number(total) };
}

function sizeOf(doing: string, size: number | undefined): number {
  if (size === undefined || !Number.isSafeInteger(size) || size < 0) throw oddAnswer(doing, 'an object without a length');
  return size;
}
