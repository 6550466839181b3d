/**
 * The padding and the restart markers of a scan, as they are read, and the traits that follow. It reads no bits. SPEC.md section 6.8.
 */
import type { ScanPadding } from './scan-traits.js';

const nothing = new Uint8Array(0);

/** Takes events in the order of the scan: the bits before each restart marker, and before the end. */
export class PaddingList {
  private bits = new Uint8Array(64);
  private events = 0;
  private numbers = new Uint8Array(64);
  private markers = 0;
  private isOnes = true;
  private isZeros = true;
  private isCounting = true;

  /** @param events from the low byte: the padding bits as a number, how many they are, the marker's number, and whether it was there. */
  add(events: Int32Array): void {
    this.bits = grown(this.bits, this.events + events.length);
    this.numbers = grown(this.numbers, this.markers + events.length);
    for (const event of events) {
      const bits = event & 255;
      this.isOnes &&= bits === (1 << ((event >> 8) & 255)) - 1;
      this.isZeros &&= bits === 0;
      this.bits[this.events++] = bits;
      if (event >> 24 === 0) continue;
      const number = (event >> 16) & 255;
      this.isCounting &&= number === (this.markers & 7);
      this.numbers[this.markers++] = number;
    }
  }

  /** @returns the traits of all that were taken. */
  end(): ScanPadding {
    return {
      bit: this.isOnes ? 1 : 0,
      exceptions: this.isOnes || this.isZeros ? nothing : this.bits.slice(0, this.events),
      numbers: this.isCounting ? nothing : this.numbers.slice(0, this.markers),
    };
  }
}

/** The same bytes, with room for `size` of them and more. */
function grown(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  if (size <= bytes.length) return bytes;
  const more = new Uint8Array(2 * size);
  more.set(bytes);
  return more;
}
