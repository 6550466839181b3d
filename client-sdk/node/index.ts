/**
 * The Node entry of the SDK: `connect`, files as sources and destinations, profiles on disk, and the public types.
 * SPEC.md section 12.
 */
import type { ConnectOptions, DiceClient } from '../api.js';
import { connectWith } from '../client.js';
import { nodePlatform } from './platform.js';

export type * from '../api.js';
export { csvOfFigures, type AccountFigures, type DayRow, type FigureRow, type FormatRow } from '../figures.js';
export { fileForUpload, filesBelow, writeFileWhole } from './files.js';
export { eraseProfile, loadProfile, saveProfile } from './profile.js';
export { BlockMemory } from '../block-memory.js';
export { bytesForUpload } from '../memory-file.js';
export { DiceError, type DiceErrorCode } from '../core/errors.js';

/** What Node's connect may be told. */
export interface NodeOptions extends Omit<ConnectOptions, 'server'> {
  /** Folder of profile and fingerprint cache; without it nothing is kept on disk. */
  readonly profileDir?: string | undefined;
}

/** Connects to the server at `serverUrl`. */
export function connect(serverUrl: string, options: NodeOptions = {}): Promise<DiceClient> {
  return connectWith(nodePlatform(options.profileDir, undefined, options.onWarning), { ...options, server: serverUrl });
}
