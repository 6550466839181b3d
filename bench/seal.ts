/**
 * bench:seal: how fast one thread seals blocks (fingerprint, key, subkeys, iv, AES, tag, rehash, check code; no
 * splitting, no coding), against bare node:crypto doing three SHA-256 and one AES-256-CTR pass over the same bytes.
 * Rounds of both alternate, so that a busy machine disturbs both alike; medians are printed, then the same as JSON.
 */
import { createCipheriv, hash, randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { fingerprint, sealCoded } from '../client-sdk/core/block.js';
import { blockKey, openDomain } from '../client-sdk/core/domain.js';
import { nodeProvider } from '../client-sdk/node/node-provider.js';

interface Row {
  readonly blockBytes: number;
  readonly bareMBps: number;
  readonly sealMBps: number;
  /** Median over rounds of seal / bare of the same round. */
  readonly ratio: number;
}

const sizes = [4_096, 16_384, 65_536, 262_144, 1_048_576];
const rounds = 25;
const bytesPerRound = 16_777_216;
const distinctBlocks = 16;

const rows: Row[] = [];
for (const size of sizes) rows.push(await measure(size));
process.stdout.write(`${table(rows)}\n${JSON.stringify({ machine: machine(), rounds, rows })}\n`);

async function measure(blockBytes: number): Promise<Row> {
  const blocks = Array.from({ length: distinctBlocks }, () => new Uint8Array(randomBytes(blockBytes)));
  const key = randomBytes(32);
  const iv = randomBytes(16);
  const bare: number[] = [];
  const seal: number[] = [];
  for (let round = -3; round < rounds; round++) {
    const bareSpeed = await speed(blocks, (block) => { runBare(block, key, iv); });
    const sealSpeed = await speed(blocks, sealOne);
    if (round < 0) continue; // Warm-up: the compiler has not seen everything yet.
    bare.push(bareSpeed);
    seal.push(sealSpeed);
  }
  return { blockBytes, bareMBps: median(bare), sealMBps: median(seal), ratio: median(seal.map((value, index) => value / (bare[index] ?? 1))) };
}

function runBare(block: Uint8Array, key: Uint8Array, iv: Uint8Array): void {
  for (let pass = 0; pass < 3; pass++) hash('sha256', block, 'buffer');
  createCipheriv('aes-256-ctr', key, iv).update(block);
}

async function sealOne(block: Uint8Array): Promise<void> {
  const key = await blockKey(nodeProvider, openDomain, await fingerprint(nodeProvider, block));
  await sealCoded(nodeProvider, key, block);
}

/** MB/s of `work` over about `bytesPerRound` bytes. */
async function speed(blocks: readonly Uint8Array[], work: (block: Uint8Array) => void | Promise<void>): Promise<number> {
  const blockBytes = blocks[0]?.length ?? 1;
  const turns = Math.max(1, Math.round(bytesPerRound / (blockBytes * blocks.length)));
  const start = process.hrtime.bigint();
  for (let turn = 0; turn < turns; turn++) for (const block of blocks) await work(block);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return (turns * blocks.length * blockBytes) / 1e6 / seconds;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function machine(): string {
  const processors = cpus();
  return `${String(processors.length)} x ${processors[0]?.model ?? 'unknown processor'}, Node ${process.version}, OpenSSL ${process.versions.openssl}`;
}

function table(measured: readonly Row[]): string {
  const lines = measured.map((row) => [String(row.blockBytes / 1024), row.bareMBps.toFixed(0), row.sealMBps.toFixed(0), `${(100 * row.ratio).toFixed(1)} %`]);
  const header = ['KiB', 'bare MB/s', 'seal MB/s', 'seal/bare'];
  return [machine(), ...[header, ...lines].map((cells) => cells.map((cell) => cell.padStart(11)).join(''))].join('\n');
}
