/**
 * A file as a machine that goes down may leave it: what was synced is there, and of what came after the last sync any part, in pieces of a sector, or nothing.
 */

/** Which of the changes that nobody synced outlive the machine; asked once for each. */
export interface Survival {
  /** What was done to a name: made, renamed, removed. */
  name(): boolean;
  /** A length, or a sector of bytes. */
  bytes(): boolean;
}

type Change = { readonly kind: 'emptied' } | { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'piece'; readonly at: number; readonly bytes: Buffer };

const sectorBytes = 512;

export class UnsyncedFile {
  #changes: Change[] = [];

  constructor(private durable: Buffer) {}

  /** True where a sync would change what a crash leaves. */
  get isUnsynced(): boolean {
    return this.#changes.length > 0;
  }

  empty(): void {
    this.#changes.push({ kind: 'emptied' });
  }

  write(bytes: Buffer, position: number): void {
    this.#changes.push({ kind: 'length', bytes: position + bytes.length });
    for (let from = 0; from < bytes.length;) {
      const to = Math.min(bytes.length, from + sectorBytes - ((position + from) % sectorBytes));
      this.#changes.push({ kind: 'piece', at: position + from, bytes: Buffer.from(bytes.subarray(from, to)) });
      from = to;
    }
  }

  /** Notes what somebody else wrote. False where nobody did. */
  becomes(bytes: Buffer): boolean {
    if (this.#now().equals(bytes)) return false;
    this.empty();
    this.write(bytes, 0);
    return true;
  }

  sync(): void {
    this.durable = this.#now();
    this.#changes = [];
  }

  /** What a crash leaves: never anything beyond the length, and zeros where nothing was written. */
  left(survival: Survival): Buffer {
    let bytes = this.durable;
    for (const change of this.#changes) if (survival.bytes()) bytes = after(bytes, change);
    return bytes;
  }

  /** The bytes as every process sees them. */
  #now(): Buffer {
    return this.left({ name: () => true, bytes: () => true });
  }
}

function after(bytes: Buffer, change: Change): Buffer {
  if (change.kind === 'emptied') return Buffer.alloc(0);
  if (change.kind === 'length') return change.bytes <= bytes.length ? bytes : Buffer.concat([bytes, Buffer.alloc(change.bytes - bytes.length)]);
  const copy = Buffer.from(bytes);
  change.bytes.copy(copy, change.at);
  return copy;
}
