/**
 * The whole of what a server tells one client about one vector of blocks, request by request, with what is random or a moment put under a name: two
 * clients that did the same with foreign and with absent blocks must hold equal traces.
 */
import { base64Of, concat, u16 } from '../../client-sdk/protocol/bytes.js';
import { type Answer, type Probe, probeOf, type Prober, questions, wholeLife } from './oracle-prober.js';
import type { OracleBench, Pair } from './oracle-trials.js';
import { rawBlock, type RawBlock, storeRaw } from './raw-account.js';

const own = rawBlock(160);
/** Headers whose values are of the request or of the moment. */
const fleeting = new Set(['x-request-id', 'date']);

/** Traces of two accounts on this server: one with blocks that somebody else has, one with blocks that nobody has. */
export async function tracesAt(bench: OracleBench): Promise<Pair<readonly string[]>> {
  const [vectors] = await bench.vectors(1, 5);
  if (vectors === undefined) throw new Error('one was asked for');
  return { foreign: await traceAt(bench, vectors.foreign), absent: await traceAt(bench, vectors.absent) };
}

async function traceAt(bench: OracleBench, blocks: readonly RawBlock[]): Promise<readonly string[]> {
  const prober = await bench.prober();
  try {
    return await traceOf(bench.url, prober, blocks);
  } finally {
    prober.close();
  }
}

/** What a new account meets with these blocks. A figure of the account is asked for after each step. */
async function traceOf(url: string, prober: Prober, blocks: readonly RawBlock[]): Promise<readonly string[]> {
  const ownImageId = await storeRaw(url, prober.account, [own]);
  const probe = probeOf(blocks, { uploadId: await prober.begin(), ownImageId });
  const lines: string[] = [];
  for (const question of wholeLife) {
    const answer = await prober.call(questions[question](probe));
    lines.push(`${question}: ${textOf(answer, probe)}`);
    for (const figures of ['usage', 'report'] as const) lines.push(`then ${figures}: ${textOf(await prober.call(questions[figures]()), probe)}`);
  }
  return lines;
}

function textOf({ status, headers, body }: Answer, probe: Probe): string {
  const kept = headers.flatMap((name, i) => (i % 2 === 0 ? [fleeting.has(name.toLowerCase()) ? name : `${name}: ${headers[i + 1] ?? ''}`] : []));
  return [String(status), ...kept, `${String(body.length)} bytes`, withoutNames(body, probe)].join('\n');
}

/** Ids, hashes, ciphers and moments become words of equal length for both. */
function withoutNames(body: Buffer, probe: Probe): string {
  const pieces = probe.blocks.flatMap(({ rehash, code, tag, cipher }) => [concat(rehash, u16(code)), rehash, tag, cipher].map((bytes) => Buffer.from(bytes).toString('latin1')));
  const sorted = [...probe.blocks.map(({ rehash }) => rehash)].sort((a, b) => Buffer.compare(a, b));
  const names = [base64Of(concat(...sorted)), ...sorted.map(base64Of), ...pieces, probe.uploadId, probe.imageId, probe.ownImageId];
  const text = names.reduce((left, name) => left.replaceAll(name, '#'), body.toString('latin1'));
  return text.replaceAll(/"requestId":"[^"]*"/g, '"requestId"').replaceAll(/\b1\d{12}\b/g, 'moment');
}
