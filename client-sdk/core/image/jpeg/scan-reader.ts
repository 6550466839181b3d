/**
 * The bits of one scan for reading: stuffing taken out, restart markers noted. The decoders move `position` themselves,
 * in local variables. ITU-T T.81 sections B.1.1.5 and F.1.2.3; SPEC.md section 6.
 */

/** Zero bytes behind the last one: a block that starts within the scan may be read to its end, whatever its bits. */
const slack = 1_024;

/** Notes padding as well: its events are the bits before each restart marker and before the end. */
export class ScanReader {
  readonly view: DataView;
  /** The next bit. */
  position = 0;
  /** The first bit that is not of this restart interval. */
  limit: number;
  /** Per event, the padding bits as a number, and how many there were. */
  readonly padding: Uint8Array;
  readonly paddingBits: Uint8Array;
  events = 0;
  private passed = 0;
  /** Of each restart marker, the byte that it stands before and its number; those that no MCU can follow are left out. */
  private readonly places: Int32Array;
  private readonly markers: Uint8Array;
  private found = 0;
  private readonly end: number;

  /**
   * @param scan the entropy-coded bytes, at most 128 MiB.
   * @param restarts how many restart markers the scan should have.
   */
  constructor(scan: Uint8Array, restarts: number) {
    // One more than there should be: it ends the last interval.
    const most = Math.min(restarts + 1, scan.length >> 1);
    this.places = new Int32Array(most);
    this.markers = new Uint8Array(most);
    const bytes = new Uint8Array(scan.length + slack);
    this.end = this.unstuff(scan, bytes);
    this.view = new DataView(bytes.buffer);
    this.limit = this.nextLimit();
    this.padding = new Uint8Array(this.found + 1);
    this.paddingBits = new Uint8Array(this.found + 1);
  }

  /** The number of each restart marker that was passed. */
  numbers(): Uint8Array {
    return this.markers.slice(0, this.passed);
  }

  /** Passes the padding and the next restart marker, whatever its number. @returns whether it was there. */
  passRestart(): boolean {
    if (this.passed === this.found) return false;
    this.takePadding();
    if (this.position !== this.limit) return false;
    this.passed++;
    this.limit = this.nextLimit();
    return true;
  }

  /** Passes the padding at the end. */
  passEnd(): void {
    this.takePadding();
  }

  private nextLimit(): number {
    return 8 * (this.passed < this.found ? this.places[this.passed]! : this.end);
  }

  private takePadding(): void {
    const count = -this.position & 7;
    this.paddingBits[this.events] = count;
    this.padding[this.events] = this.view.getUint8(this.position >>> 3) & ((1 << count) - 1);
    this.position += count;
    this.events++;
  }

  private unstuff(scan: Uint8Array, bytes: Uint8Array): number {
    let to = 0;
    for (let at = 0; at < scan.length; at++) {
      const byte = scan[at]!;
      bytes[to++] = byte;
      if (byte !== 0xff) continue;
      const next = scan[++at];
      if (next === undefined || next === 0) continue;
      to--;
      if (this.found === this.places.length) continue;
      this.places[this.found] = to;
      this.markers[this.found++] = next - 0xd0;
    }
    bytes.fill(0, to);
    return to;
  }
}
