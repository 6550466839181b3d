/**
 * The browser entry of the SDK: connects to a server from a page or a worker. Work on files runs in workers of its own where there are
 * some, else where this is called; a page that must not freeze calls it in a worker. SPEC.md section 12.
 */
import type { ConnectOptions, DiceClient } from '../api.js';
import { connectWith } from '../client.js';
import { browserPlatform } from './platform.js';

export type * from '../api.js';
export { DiceError } from '../core/errors.js';
export { csvOfFigures, type AccountFigures } from '../figures.js';
export { uploadFileOf, type PickedFile } from './file-source.js';

/** What a browser's connect may be told. */
export interface BrowserOptions extends ConnectOptions {
  /** How sessions are carried. Default: as bearer tokens. */
  readonly carrier?: 'cookie' | 'bearer' | undefined;
  /** Where task-worker.js is served, on this very origin. Default: beside this module, or where a bundler that knows `new URL(...)` puts it. */
  readonly taskScriptUrl?: string | undefined;
}

/** Asks the server what it is and checks that it is the host that was dialled. Throws DiceError. */
export function connect(options: BrowserOptions): Promise<DiceClient> {
  const { carrier = 'bearer', taskScriptUrl, onWarning } = options;
  return connectWith(browserPlatform(carrier, { scriptUrl: taskScriptUrl, onWarning }), options);
}
