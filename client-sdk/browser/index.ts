/**
 * The browser entry of the SDK: connects to a server from a page or a worker. Cryptography runs where this is called; a page
 * that must not freeze calls it in a worker, or uses PageClient as the pages here do. SPEC.md section 12.
 */
import type { ConnectOptions, DiceClient } from '../api.js';
import { connectWith } from '../client.js';
import { browserPlatform } from './platform.js';

export type * from '../api.js';
export { DiceError } from '../core/errors.js';
export { csvOfFigures, type AccountFigures } from '../figures.js';
export { uploadFileOf, type PickedFile } from './file-source.js';

/** Asks the server what it is and checks that it is the host that was dialled. Throws DiceError. */
export function connect(options: ConnectOptions & { readonly carrier?: 'cookie' | 'bearer' | undefined }): Promise<DiceClient> {
  return connectWith(browserPlatform(options.carrier ?? 'bearer'), options);
}
