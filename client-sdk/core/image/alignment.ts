/**
 * How a picture lies in another one that shows the same: turned, mirrored, and moved by whole pixels; and what most
 * pairs of equal anchors say about it. Pure geometry on coordinates; it sees no sample, and what it answers is a hint
 * that has to be tried.
 *
 * The two pictures are the *target* and the *known* picture. An orientation is a number from 0 to 7. The known picture
 * comes to lie as the target does when it is first transposed (sample (x, y) goes to (y, x)) if bit 2 is set, then
 * mirrored left to right if bit 0 is set, then top to bottom if bit 1 is set. Corners between pixels are counted like
 * pixels: pixel (x, y) is the square from corner (x, y) to corner (x + 1, y + 1).
 */
import type { Anchor } from './anchors.js';
import type { Region } from './splitter.js';

/**
 * A map from the target to the known picture. Corner (u, v) of the target goes to (x, y) + (u', v'), where u' is -u if
 * bit 0 of the orientation is set, v' is -v if bit 1 is set, and the two are exchanged in the end if bit 2 is set.
 * So (x, y) is the corner of the known picture that the target's top left corner falls on. Where the target is the
 * whole known picture of w by h pixels: orientation 0 has (0, 0), 1 (w, 0), 2 (0, h), 3 (w, h), 4 (0, 0), 5 (0, h), 6 (w, 0), 7 (w, h).
 */
export interface Alignment {
  readonly orientation: number;
  readonly x: number;
  readonly y: number;
  /** Pairs of anchors that agree on it. */
  readonly votes: number;
}

/** Two anchors with the same hash, one in each picture. */
export interface AnchorPair {
  readonly target: Anchor;
  readonly known: Anchor;
}

/** A place on a picture, or a distance. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

const minVotes = 2;

/**
 * The map that most pairs agree on, if at least two do, and at least half of all. Among maps of equally many votes the
 * first met is taken.
 */
export function alignmentOf(pairs: readonly AnchorPair[]): Alignment | undefined {
  const votes = new Map<string, Alignment>();
  let best: Alignment | undefined;
  for (const pair of pairs) {
    const said = saidBy(pair);
    const name = `${said.orientation} ${said.x} ${said.y}`;
    const counted = { ...said, votes: (votes.get(name)?.votes ?? 0) + 1 };
    votes.set(name, counted);
    if (counted.votes > (best?.votes ?? 0)) best = counted;
  }
  return best !== undefined && best.votes >= minVotes && 2 * best.votes >= pairs.length ? best : undefined;
}

/** The rectangle of the known picture that a rectangle of the target falls on; it may lie outside of the known picture. */
export function knownRegionOf(alignment: Alignment, region: Region): Region {
  const one = knownCorner(alignment, region);
  const other = knownCorner(alignment, { x: region.x + region.width, y: region.y + region.height });
  const x = Math.min(one.x, other.x);
  const y = Math.min(one.y, other.y);
  return { x, y, width: Math.abs(other.x - one.x), height: Math.abs(other.y - one.y) };
}

/**
 * Where the edges of the known picture's tiles fall in the target: the first edge across and down, both from 0 to
 * `tilePixels` - 1. `knownOrigin` is the place of any corner of its tiles in the known picture.
 */
export function phaseOf(alignment: Alignment, tilePixels: number, knownOrigin: Point): Point {
  const { orientation } = alignment;
  const fromX = knownOrigin.x - alignment.x;
  const fromY = knownOrigin.y - alignment.y;
  const [across, down] = isTransposed(orientation) ? [fromY, fromX] : [fromX, fromY];
  return {
    x: modulo((orientation & 1) !== 0 ? -across : across, tilePixels),
    y: modulo((orientation & 2) !== 0 ? -down : down, tilePixels),
  };
}

function knownCorner({ orientation, x, y }: Omit<Alignment, 'votes'>, corner: Point): Point {
  const across = (orientation & 1) !== 0 ? -corner.x : corner.x;
  const down = (orientation & 2) !== 0 ? -corner.y : corner.y;
  return isTransposed(orientation) ? { x: x + down, y: y + across } : { x: x + across, y: y + down };
}

/** The map under which the surroundings of both anchors are the same. */
function saidBy({ target, known }: AnchorPair): Alignment {
  const orientation = followed(known.orientation, reverse(target.orientation));
  // The centre of a pixel goes to the centre of a pixel; twice its coordinates are whole.
  const centre = knownCorner({ orientation, x: 0, y: 0 }, { x: 2 * target.x + 1, y: 2 * target.y + 1 });
  return { orientation, x: (2 * known.x + 1 - centre.x) / 2, y: (2 * known.y + 1 - centre.y) / 2, votes: 1 };
}

/** The orientation that does what `first` does and then what `second` does. */
function followed(first: number, second: number): number {
  const flips = isTransposed(second) ? exchanged(first & 3) : first & 3;
  return ((first ^ second) & 4) | (flips ^ (second & 3));
}

/** The orientation that undoes `orientation`. */
function reverse(orientation: number): number {
  return isTransposed(orientation) ? 4 | exchanged(orientation & 3) : orientation;
}

/** Mirrors before a transposition are these after it. */
function exchanged(flips: number): number {
  return ((flips & 1) << 1) | (flips >> 1);
}

function isTransposed(orientation: number): boolean {
  return (orientation & 4) !== 0;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
