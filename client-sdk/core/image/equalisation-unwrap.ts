/**
 * Follows the measured bias of levels from block to block, the surest first, and adds to each the whole number that brings it
 * nearest to the one before: what was measured is a fraction only. SPEC.md section 5.11.
 */
import { layers, type Phase } from './equalisation-phase.js';

const { clz32, floor, min } = Math;

/** Places that wait, each with the place it is reached from, in classes of sureness: the last in of the surest class comes first. */
class Queue {
  private readonly places: number[][] = Array.from({ length: classes }, () => []);
  private readonly origins: number[][] = Array.from({ length: classes }, () => []);
  private highest = 0;

  add(sureness: number, place: number, origin: number): void {
    const index = classOf(sureness);
    this.places[index]!.push(place);
    this.origins[index]!.push(origin);
    if (index > this.highest) this.highest = index;
  }

  /** Whether anything waits; then `take` may be called. */
  isWaiting(): boolean {
    while (this.highest > 0 && this.places[this.highest]!.length === 0) this.highest--;
    return this.places[this.highest]!.length > 0;
  }

  /** Where the first is reached from; to be asked before `take`. */
  takeOrigin(): number {
    return this.origins[this.highest]!.pop()!;
  }

  take(): number {
    return this.places[this.highest]!.pop()!;
  }
}

const classes = 256;

/** Eight classes for each doubling. */
function classOf(sureness: number): number {
  if (!(sureness >= 1)) return 0;
  if (sureness >= 2 ** 31) return classes - 1;
  const whole = sureness | 0;
  const octave = 31 - clz32(whole);
  return octave * 8 + min(floor((sureness / (1 << octave) - 1) * 8), 7);
}

/** Where the blocks that are settled are trusted, they have no bias, and all others are reached from them. */
export function unwrap(phase: Phase, trustSettled: boolean): void {
  const { bias, quality } = phase;
  const reached = new Uint8Array(bias.length);
  const queue = startingPlaces(phase, trustSettled, reached);
  while (queue.isWaiting()) {
    const origin = queue.takeOrigin();
    const place = queue.take();
    if (reached[place] === 1) continue;
    reached[place] = 1;
    if (quality[place]! < 1) bias[place] = bias[origin]!;
    else bias[place]! += floor(bias[origin]! - bias[place]! + 0.5);
    addNeighbours(phase, place, reached, queue);
  }
}

function startingPlaces(phase: Phase, trustSettled: boolean, reached: Uint8Array): Queue {
  const { bias, quality, settled, isKept } = phase;
  const queue = new Queue();
  let surest = 0;
  for (let place = 0; place < bias.length; place++) {
    if (quality[place]! > quality[surest]!) surest = place;
    const isFixed = isKept !== undefined && isKept[floor(place / layers)] === 1;
    if (!isFixed && (!trustSettled || settled[place] === 0)) continue;
    bias[place] = 0;
    reached[place] = 1;
  }
  const starts = reached.slice();
  for (let place = 0; place < bias.length; place++) if (starts[place] === 1) addNeighbours(phase, place, reached, queue);
  if (!queue.isWaiting()) queue.add(Infinity, surest, surest);
  return queue;
}

function addNeighbours({ across, down, quality }: Phase, place: number, reached: Uint8Array, queue: Queue): void {
  const layer = place % layers;
  const block = (place - layer) / layers;
  const x = block % across;
  const y = (block - x) / across;
  const own = quality[place]! + 0.01;
  const add = (next: number): void => {
    if (reached[next] === 0) queue.add(own * (quality[next]! + 0.01), next, place);
  };
  if (layer > 0) add(place - 1);
  if (layer < layers - 1) add(place + 1);
  if (x > 0) add(place - layers);
  if (x < across - 1) add(place + layers);
  if (y > 0) add(place - layers * across);
  if (y < down - 1) add(place + layers * across);
}
