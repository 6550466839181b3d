/**
 * The parts of which a deflate stream is made, as its reader gives and its writer takes them: blocks with their
 * kind, their tokens and their code, long ones in several parts. SPEC.md section 6.7.
 */

/** Block types of RFC 1951. */
export const storedBlock = 0;
export const fixedBlock = 1;
export const dynamicBlock = 2;

/** Tokens of a part; a longer block has several. */
export const maxPartTokens = 131_072;
/** Plain bytes of a part, but for its last token. */
export const maxPartBytes = 4_194_304;

/** The code of a dynamic block, and how its header writes it. */
export interface DynamicCode {
  /** Lengths of literals and lengths, 286. */
  readonly literals: Uint8Array;
  /** Lengths of distances, 30. */
  readonly distances: Uint8Array;
  /** How many of them the header has. */
  readonly literalCount: number;
  readonly distanceCount: number;
  /** The steps in which these are written: symbol of the precode and, where it repeats, how often (else 1). */
  readonly steps: readonly CodeStep[];
  /** Lengths of the precode, 19. */
  readonly precode: Uint8Array;
  /** How many of them, in their order, the header has. */
  readonly precodeCount: number;
}

/** Symbol 0 to 15: a length; 16: the last one again; 17 and 18: zeros. */
export interface CodeStep {
  readonly symbol: number;
  readonly count: number;
}

/** A stored block, or some tokens of another. */
export interface BlockPart {
  readonly type: number;
  readonly isFinal: boolean;
  /** The block begins, or ends, with this part. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Of dynamic blocks only. */
  readonly code: DynamicCode | undefined;
  /** See token-model.ts; empty for stored blocks. */
  readonly tokens: Int32Array;
  /** Bytes of a stored block. */
  readonly storedBytes: number;
  /** Bits between the header of a stored block and the next byte. */
  readonly padding: number;
}
