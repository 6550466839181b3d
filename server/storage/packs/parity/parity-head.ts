/**
 * Header and codes of a parity file, written and read: pure, the keyed code is passed in. Both stand in the file twice. FORMAT.md section 8.
 */
import { concat, isEqual, u16, u32, utf8 } from '../../../../client-sdk/protocol/bytes.js';
import { hashBytes } from '../../../../client-sdk/protocol/limits.js';
import { u64, type Mac } from '../../record-format/pack-format.js';
import { codeBytes, layoutOf, parityHeaderBytes, type ParityLayout } from './layout.js';

const magic = utf8('DICEPRTY');
const version = 1;
const headerLabel = utf8('dice/1/parity');
const shardLabel = utf8('dice/1/parity-shard');
const fieldBytes = parityHeaderBytes - hashBytes;

/** Header and codes of the parity of one pack. */
export class ParityHead {
  readonly #fields: Uint8Array;

  constructor(private readonly mac: Mac, pack: number, readonly layout: ParityLayout) {
    this.#fields = concat(magic, u16(version), u16(layout.percent), u32(pack), u64(layout.packBytes));
  }

  /** The head that the header of the parity of `pack` tells; undefined where it is damaged, of another pack or version. */
  static read(mac: Mac, pack: number, header: Uint8Array): ParityHead | undefined {
    if (header.length !== parityHeaderBytes) return undefined;
    const fields = header.subarray(0, fieldBytes);
    if (!isEqual(header.subarray(fieldBytes), mac(concat(headerLabel, fields)))) return undefined;
    const view = new DataView(fields.buffer, fields.byteOffset, fields.length);
    const [percent, packBytes] = [view.getUint16(10), Number(view.getBigUint64(16))];
    const isKnown = isEqual(fields.subarray(0, magic.length), magic) && view.getUint16(8) === version && view.getUint32(12) === pack;
    if (!isKnown || percent < 1 || percent > 100 || packBytes < 1) return undefined;
    return new ParityHead(mac, pack, layoutOf(packBytes, percent));
  }

  /** The header. */
  header(): Uint8Array {
    return concat(this.#fields, this.mac(concat(headerLabel, this.#fields)));
  }

  /** The code of a shard, of which `digest` is the SHA-256. */
  codeOf(index: number, digest: Uint8Array): Uint8Array {
    return this.mac(concat(shardLabel, this.#fields, u32(index), digest)).subarray(0, codeBytes);
  }
}
