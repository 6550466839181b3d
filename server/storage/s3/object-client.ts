/**
 * The S3 driver, set up so that no service can hold it up or fill its memory: every answer is taken whole, within a time and a length,
 * before the driver looks at it. It knows no names and no packs.
 */
import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';

/** Where the service is and who asks. */
export interface Service {
  /** http or https, without credentials; the service of AWS where it is missing. */
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of one attempt: from its first byte to the last of its answer. */
  readonly timeoutMs: number;
  /** How often a request is tried, with back-off between. */
  readonly attempts: number;
}

const maxSockets = 32;
const connectionTimeoutMs = 5_000;
/** The longest list of 1,000 names of 1,024 bytes, each byte escaped. */
const maxAnswerBytes = 8_388_608;
const maxErrorBytes = 65_536;

/** A body that is there already. The driver may read it as a stream; whoever knows it takes `bytes`. */
export class WholeBody extends Readable {
  constructor(readonly bytes: Buffer) {
    super();
  }

  override _read(): void {
    if (this.bytes.length > 0) this.push(this.bytes);
    this.push(null);
  }
}

/** A client that retries only what its `attempts` allow. Nothing is read from files or variables of the driver's own. */
export function openClient(service: Service): S3Client {
  const agent = { keepAlive: true, maxSockets };
  const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const client = new S3Client({
    ...(service.endpoint === undefined ? {} : { endpoint: service.endpoint }),
    region: service.region,
    credentials: { accessKeyId: service.accessKeyId, secretAccessKey: service.secretAccessKey },
    forcePathStyle: true,
    followRegionRedirects: false,
    maxAttempts: service.attempts,
    retryMode: 'standard',
    defaultsMode: 'standard',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    useArnRegion: false,
    disableS3ExpressSessionAuth: true,
    disableMultiregionAccessPoints: true,
    logger: quiet,
    requestHandler: {
      connectionTimeout: connectionTimeoutMs, requestTimeout: service.timeoutMs, throwOnRequestTimeout: true, logger: quiet,
      httpAgent: new Agent(agent), httpsAgent: new TlsAgent(agent),
    },
  });
  takeAnswersWhole(client, service.timeoutMs);
  return client;
}

/** Put nearest to the connection, so that what fails there is tried again like any other failure. */
function takeAnswersWhole(client: S3Client, timeoutMs: number): void {
  client.middlewareStack.add(
    (next) => async (sent) => {
      try {
        const result = await next(sent);
        const { response } = result;
        if (isAnswer(response)) response.body = new WholeBody(await takenWhole(response, limitOf(sent.request, response.statusCode), timeoutMs));
        return result;
      } catch (error) {
        throw failureOf(error);
      }
    },
    { step: 'deserialize', priority: 'low', name: 'takeAnswerWhole' },
  );
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  body: Readable;
}

function isAnswer(response: unknown): response is Answer {
  return typeof response === 'object' && response !== null && 'body' in response && response.body instanceof Readable && 'statusCode' in response && 'headers' in response;
}

/** A read by range is answered with that range at most, by whatever service. */
function limitOf(request: unknown, status: number): number {
  if (status >= 300) return maxErrorBytes;
  const headers = typeof request === 'object' && request !== null && 'headers' in request ? request.headers : undefined;
  const range = typeof headers === 'object' && headers !== null && 'range' in headers ? /^bytes=(\d+)-(\d+)$/.exec(String(headers.range)) : null;
  return range === null ? maxAnswerBytes : Number(range[2]) - Number(range[1]) + 1;
}

async function takenWhole({ body, headers }: Answer, limit: number, timeoutMs: number): Promise<Buffer> {
  const timer = setTimeout(() => body.destroy(named('TimeoutError', 'the answer took too long')), timeoutMs);
  const chunks: Buffer[] = [];
  // Where the length is told, one buffer from the beginning: what comes in small pieces need not be held twice.
  const told = Number(headers['content-length'] ?? Number.NaN);
  const whole = told <= limit ? Buffer.allocUnsafe(told) : undefined;
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) { // a response body is a stream of buffers
      if (length + chunk.length > limit) throw named('AnswerTooLong', 'the answer is longer than what was asked for');
      if (whole === undefined) chunks.push(chunk);
      else chunk.copy(whole, length);
      length += chunk.length;
    }
    return whole === undefined ? Buffer.concat(chunks) : whole.subarray(0, length);
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

/** Name and code alone, which decide whether it is tried again: errors of connections carry sockets and what was sent over them. */
function failureOf(error: unknown): Error {
  if (typeof error !== 'object' || error === null) return named('Error', 'the request failed');
  const message = 'message' in error && typeof error.message === 'string' ? error.message : 'the request failed';
  const failure = named('name' in error && typeof error.name === 'string' ? error.name : 'Error', message);
  return 'code' in error && typeof error.code === 'string' ? Object.assign(failure, { code: error.code }) : failure;
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function ignore(): void {
  return;
}
