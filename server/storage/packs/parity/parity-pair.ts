/**
 * A pack file and a parity file side by side, open for reading: shards of either by index, and which of them are what they were. FORMAT.md section 8.
 */
import { isEqual } from '../../../../client-sdk/protocol/bytes.js';
import type { OnRead } from '../../../ports/pack-parity.js';
import { unlessAbsent } from '../failure.js';
import type { FileLayer, OpenFile } from '../file-layer.js';
import type { Mac } from '../../record-format/pack-format.js';
import { codeBytes, parityHeaderBytes, parityOffset, type ParityLayout } from './layout.js';
import { ParityHead } from './parity-head.js';

/** What reading needs; `packFile` and `parityFile` are paths. */
export interface PairOrder {
  readonly files: FileLayer;
  readonly mac: Mac;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  readonly pack: number;
  readonly packFile: string;
  readonly parityFile: string;
}

/** The head as the file has it: either header may serve, and of each code either copy. */
interface ReadHead {
  readonly head: ParityHead;
  readonly codes: readonly [Uint8Array, Uint8Array];
  readonly isWhole: boolean;
}

export class ParityPair {
  private constructor(private readonly order: PairOrder, private readonly files: { readonly pack: OpenFile; readonly parity: OpenFile }, private readonly read: ReadHead | undefined) {}

  /** Undefined where either file is gone. */
  static async open(order: PairOrder): Promise<ParityPair | undefined> {
    const pack = await unlessAbsent(() => order.files.open(order.packFile, 'read'));
    const parity = pack === undefined ? undefined : await unlessAbsent(() => order.files.open(order.parityFile, 'read'));
    if (pack === undefined || parity === undefined) {
      await pack?.close();
      return undefined;
    }
    try {
      return new ParityPair(order, { pack, parity }, await readHead(order, parity));
    } catch (error) {
      await pack.close();
      await parity.close();
      throw error;
    }
  }

  /** Undefined where neither header can be read. */
  get layout(): ParityLayout | undefined {
    return this.read?.head.layout;
  }

  /** Both headers and both copies of the codes are there, and equal. */
  get isHeadWhole(): boolean {
    return this.read?.isWhole === true;
  }

  /** Fills `into` with the shard; false where it is not what it was. */
  async shard(layout: ParityLayout, index: number, into: Uint8Array): Promise<boolean> {
    const isData = index < layout.dataShards;
    const offset = isData ? index * layout.shardBytes : parityOffset(layout, index);
    const wanted = isData ? Math.min(layout.shardBytes, layout.packBytes - offset) : layout.shardBytes;
    const count = await (isData ? this.files.pack : this.files.parity).read(into.subarray(0, wanted), offset);
    into.fill(0, count);
    return count === wanted && this.isRight(index, into);
  }

  /** `shard` agrees with one of its two codes. */
  isRight(index: number, shard: Uint8Array): boolean {
    if (this.read === undefined) return false;
    const code = this.read.head.codeOf(index, this.order.sha256(shard));
    return this.read.codes.some((codes) => isEqual(codes.subarray(index * codeBytes, (index + 1) * codeBytes), code));
  }

  /** Which shards are what they were, by index. */
  async examine(layout: ParityLayout, onRead: OnRead): Promise<readonly boolean[]> {
    const buffer = new Uint8Array(layout.shardBytes);
    const right: boolean[] = [];
    for (let index = 0; index < layout.indexes; index++) {
      right.push(await this.shard(layout, index, buffer));
      await onRead(layout.shardBytes);
    }
    return right;
  }

  async close(): Promise<void> {
    await this.files.pack.close();
    await this.files.parity.close();
  }
}

async function readHead({ mac, pack }: PairOrder, file: OpenFile): Promise<ReadHead | undefined> {
  const size = await file.size();
  const [first, last] = [await bytesAt(file, 0, parityHeaderBytes), await bytesAt(file, Math.max(0, size - parityHeaderBytes), parityHeaderBytes)];
  const head = ParityHead.read(mac, pack, first) ?? ParityHead.read(mac, pack, last);
  if (head === undefined) return undefined;
  const { indexes, fileBytes } = head.layout;
  const length = codeBytes * indexes;
  const codes = [await bytesAt(file, parityHeaderBytes, length), await bytesAt(file, fileBytes - parityHeaderBytes - length, length)] as const;
  return { head, codes, isWhole: size === fileBytes && isEqual(first, head.header()) && isEqual(last, first) && isEqual(codes[0], codes[1]) };
}

/** As many bytes as there are, up to `length`. */
async function bytesAt(file: OpenFile, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, await file.read(bytes, offset));
}
