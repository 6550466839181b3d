/**
 * Follows the measured bias of levels from block to block, the surest first, and adds to each the whole number that brings it
 * nearest to the one before: what was measured is a fraction only. SPEC.md section 5.11.
 */
import { layers, type Phase } from './equalisation-phase.js';

const { floor, min } = Math;

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
  let octave = 0;
  let rest = sureness;
  while (rest >= 2 && octave < 31) {
    rest /= 2;
    octave++;
  }
  return rest < 1 ? 0 : octave * 8 + min(floor((rest - 1) * 8), 7);
}

/** Where the blocks that are settled are trusted, they have no bias, and all others are reached from them. */
export function unwrap(phase: Phase, trustSettled: boolean): void {
  const { bias, quality } = phase;
  const reached = new Uint8Array(bias.length);
  const queue = startingPlaces(phase, trustSettled);
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

function startingPlaces({ bias, quality, settled }: Phase, trustSettled: boolean): Queue {
  const queue = new Queue();
  let surest = 0;
  let isEmpty = true;
  for (let place = 0; place < bias.length; place++) {
    if (quality[place]! > quality[surest]!) surest = place;
    if (!trustSettled || settled[place] === 0) continue;
    bias[place] = 0;
    queue.add(Infinity, place, place);
    isEmpty = false;
  }
  if (isEmpty) queue.add(Infinity, surest, surest);
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
