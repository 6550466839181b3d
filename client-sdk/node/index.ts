/**
 * The Node entry of the SDK: `connect`, files as sources and destinations, profiles on disk, and the public types.
 * SPEC.md section 12.
 */
import type { ConnectOptions, DiceClient } from '../api.js';
import { connectWith } from '../client.js';

export type * from '../api.js';
export { csvOfFigures, type AccountFigures, type DayRow, type FigureRow, type FormatRow } from '../figures.js';
export { DiceError, type DiceErrorCode } from '../core/errors.js';

/** What Node's connect may be told. */
export interface NodeOptions extends Omit<ConnectOptions, 'server'> {
  /** Folder of profile and fingerprint cache; without it nothing is kept on disk. */
  readonly profileDir?: string | undefined;
}

/** Connects to the server at `serverUrl`. */
export function connect(serverUrl: string, options: NodeOptions = {}): Promise<DiceClient> {
  return connectWith(undefined as never, { ...options, server: serverUrl });
}
