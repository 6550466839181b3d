/**
 * A small honest S3 service in memory, on a loopback port, that a test can make dishonest: each request may be answered otherwise, late or
 * never. It checks no signatures and knows one bucket; what a real service does, s3rver and Ceph show.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3Place } from './s3-server.js';

/** A request as it came. `key` is empty for those to the bucket. */
export interface S3Asked {
  readonly method: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** Answers otherwise, or undefined for the honest answer, or `taken` where it deals with the response itself. `honest` does what was asked and says what to answer. */
export type Meddle = (asked: S3Asked, honest: () => S3Answer, response: ServerResponse) => S3Answer | 'taken' | undefined;

const bucket = 'scripted';

export class ScriptedS3 {
  readonly objects = new Map<string, Buffer>();
  readonly asked: S3Asked[] = [];
  meddle: Meddle | undefined;
  /** How many connections were ever made. */
  connections = 0;
  /** Names on one page of a listing. */
  pageKeys = 1_000;
  private readonly uploads = new Map<string, Map<number, Buffer>>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ScriptedS3> {
    const server = createServer();
    const scripted = new ScriptedS3(server);
    server.on('request', (request, response) => {
      scripted.serve(request, response).catch(() => { response.destroy(); });
    });
    server.on('connection', () => { scripted.connections++; });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return scripted;
  }

  get place(): S3Place {
    const { port } = this.server.address() as AddressInfo; // it listens on a port
    return { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', bucket, accessKeyId: 'AKIASCRIPTED', secretAccessKey: 'scripted-secret' };
  }

  /** Requests of `method` for names that begin with `start`. */
  count(method: string, start: string): number {
    return this.asked.filter((one) => one.method === method && one.key.startsWith(start)).length;
  }

  /** Uploads in parts that nobody finished. */
  get unfinished(): number {
    return this.uploads.size;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk); // a request is a stream of buffers
    const url = new URL(request.url ?? '/', 'http://localhost');
    const key = decodeURIComponent(url.pathname).split('/').slice(2).join('/');
    const asked = { method: request.method ?? '', key, query: url.searchParams, headers: request.headers, body: Buffer.concat(chunks) };
    this.asked.push(asked);
    const honest = (): S3Answer => this.honest(asked);
    const answer = this.meddle?.(asked, honest, response) ?? honest();
    if (answer === 'taken') return;
    const { status, headers = {}, body = '' } = answer;
    response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers });
    response.end(asked.method === 'HEAD' ? undefined : body);
  }

  private honest(asked: S3Asked): S3Answer {
    if (asked.key === '') return this.list(asked.query);
    if (asked.query.has('uploads') || asked.query.has('uploadId')) return this.inParts(asked);
    const found = this.objects.get(asked.key);
    if (asked.method === 'PUT') return this.put(asked, asked.body);
    if (asked.method === 'DELETE') {
      this.objects.delete(asked.key);
      return { status: 204 };
    }
    if (found === undefined) return failure(404, 'NoSuchKey');
    return asked.method === 'HEAD' ? { status: 200, headers: { 'content-length': String(found.length) } } : ranged(found, asked.headers.range);
  }

  private put({ key, headers }: S3Asked, body: Buffer): S3Answer {
    if (headers['if-none-match'] === '*' && this.objects.has(key)) return failure(412, 'PreconditionFailed');
    this.objects.set(key, body);
    return { status: 200, headers: { etag: etag(body) } };
  }

  private inParts(asked: S3Asked): S3Answer {
    if (asked.query.has('uploads')) {
      const id = `upload-${this.uploads.size + this.asked.length}`;
      this.uploads.set(id, new Map());
      return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    }
    const id = asked.query.get('uploadId') ?? '';
    const parts = this.uploads.get(id);
    if (parts === undefined) return failure(404, 'NoSuchUpload');
    if (asked.method === 'PUT') {
      parts.set(Number(asked.query.get('partNumber')), asked.body);
      return { status: 200, headers: { etag: etag(asked.body) } };
    }
    this.uploads.delete(id);
    if (asked.method === 'DELETE') return { status: 204 };
    const whole = Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, part]) => part));
    const { status } = this.put(asked, whole);
    return status === 200 ? xml(`<CompleteMultipartUploadResult><Key>${asked.key}</Key></CompleteMultipartUploadResult>`) : failure(status, 'PreconditionFailed');
  }

  private list(query: URLSearchParams): S3Answer {
    const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after).sort();
    return listing(keys.slice(0, this.pageKeys).map((key) => ({ key, size: String(this.objects.get(key)?.length ?? 0) })), keys.length > this.pageKeys ? keys[this.pageKeys - 1] : undefined);
  }
}

/** A page of a listing. */
export function listing(found: readonly { readonly key: string; readonly size: string }[], next?: string): S3Answer {
  const contents = found.map(({ key, size }) => `<Contents><Key>${key}</Key><Size>${size}</Size></Contents>`).join('');
  const more = `<IsTruncated>${String(next !== undefined)}</IsTruncated>${next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`}`;
  return xml(`<ListBucketResult><Name>${bucket}</Name><KeyCount>${found.length}</KeyCount>${more}${contents}</ListBucketResult>`);
}

/** An error as S3 words it. */
export function failure(status: number, code: string, more = ''): S3Answer {
  return { ...xml(`<Error><Code>${code}</Code><Message>scripted</Message>${more}</Error>`), status };
}

/** 200 with XML. */
export function xml(body: string): S3Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0" encoding="UTF-8"?>${body}` };
}

function ranged(bytes: Buffer, range: string | undefined): S3Answer {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  if (first === undefined) return { status: 200, body: bytes };
  if (Number(first) >= bytes.length) return failure(416, 'InvalidRange');
  const body = bytes.subarray(Number(first), Number(last) + 1);
  return { status: 206, headers: { 'content-range': `bytes ${first}-${Number(first) + body.length - 1}/${bytes.length}` }, body };
}

function etag(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}
