/**
 * Parity of a pack computed anew, from FORMAT.md section 8 alone and without any library: slow, plain, and the judge of what the server writes.
 */
import { createHash, createHmac } from 'node:crypto';

/** Multiplication in GF(2^8) with the polynomial 0x11d, bit by bit. */
export function product(a: number, b: number): number {
  let [sum, left, right] = [0, a, b];
  for (; right > 0; right >>= 1) {
    if ((right & 1) === 1) sum ^= left;
    left = left & 0x80 ? (left << 1) ^ 0x11d : left << 1;
  }
  return sum;
}

type Matrix = readonly (readonly number[])[];

/** The lower rows of the code: parity shards are these times the data shards. */
export function parityRows(k: number, m: number): Matrix {
  const vandermonde = Array.from({ length: k + m }, (_, row) => powers(row, k));
  const inverse = inverted(vandermonde.slice(0, k));
  return vandermonde.slice(k).map((row) => Array.from({ length: k }, (_, column) => row.reduce((sum, value, at) => sum ^ product(value, inverse[at]?.[column] ?? 0), 0)));
}

function powers(base: number, count: number): readonly number[] {
  const found: number[] = [];
  for (let n = 0, power = 1; n < count; n++, power = product(power, base)) found.push(power);
  return found;
}

function inverseOf(a: number): number {
  let power = a;
  for (let n = 0; n < 253; n++) power = product(power, a);
  return power;
}

/** Gauss and Jordan. */
function inverted(matrix: Matrix): Matrix {
  const rows = matrix.map((row, at) => [...row, ...row.map((_, column) => (column === at ? 1 : 0))]);
  for (let at = 0; at < rows.length; at++) {
    const pivot = rows.findIndex((row, n) => n >= at && row[at] !== 0);
    const chosen = rows[pivot] ?? [];
    rows[pivot] = rows[at] ?? [];
    rows[at] = chosen;
    const scale = inverseOf(chosen[at] ?? 0);
    const own = chosen.map((value) => product(value, scale));
    for (const [n, row] of rows.entries()) {
      const factor = row[at] ?? 0;
      rows[n] = n === at ? own : factor === 0 ? row : row.map((value, column) => value ^ product(factor, own[column] ?? 0));
    }
  }
  return rows.map((row) => row.slice(matrix.length));
}

/** Parity shards for data shards of one length. */
export function plainShards(data: readonly Uint8Array[], m: number): readonly Uint8Array[] {
  return parityRows(data.length, m).map((row) => {
    const sum = new Uint8Array(data[0]?.length ?? 0);
    for (const [n, shard] of data.entries()) for (const [at, value] of shard.entries()) sum[at] = (sum[at] ?? 0) ^ product(row[n] ?? 0, value);
    return sum;
  });
}

/** A pack, and what its parity is made with. */
export interface PlainOrder {
  readonly storeKey: Uint8Array;
  readonly pack: number;
  readonly bytes: Uint8Array;
  readonly percent: number;
}

/** The whole parity file. */
export function plainParity({ storeKey, pack, bytes, percent }: PlainOrder): Buffer {
  const mac = (...parts: readonly (Uint8Array | string)[]): Buffer => parts.reduce((hmac, part) => hmac.update(part), createHmac('sha256', storeKey)).digest();
  let shardBytes = 4_096;
  while (Math.ceil(bytes.length / shardBytes) > 1_024) shardBytes *= 2;
  const count = Math.ceil(bytes.length / shardBytes);
  const data = Array.from({ length: count }, (_, n) => Buffer.concat([bytes.subarray(n * shardBytes, (n + 1) * shardBytes), Buffer.alloc(shardBytes)]).subarray(0, shardBytes));
  const groups = Math.ceil(count / 100);
  const m = Math.ceil((Math.ceil(count / groups) * percent) / 100);
  const parity = Array.from({ length: groups }, (_, group) => plainShards(data.filter((_shard, n) => n % groups === group), m)).flat();
  const fields = Buffer.alloc(24);
  fields.write('DICEPRTY', 'ascii');
  fields.writeUInt16BE(1, 8);
  fields.writeUInt16BE(percent, 10);
  fields.writeUInt32BE(pack, 12);
  fields.writeBigUInt64BE(BigInt(bytes.length), 16);
  const header = Buffer.concat([fields, mac('dice/1/parity', fields)]);
  const codes = [...data, ...parity].map((shard, index) => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(index);
    return mac('dice/1/parity-shard', fields, number, createHash('sha256').update(shard).digest()).subarray(0, 16);
  });
  return Buffer.concat([header, ...codes, ...parity, ...codes, header]);
}
