/**
 * What calls of the SDK may be told, whatever they are about. Types alone; part of api.ts.
 */

/** What every call takes: aborting ends it with DiceError `cancelled`. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** How connect asks what only a person can decide. */
export interface ConnectOptions extends CallOptions {
  /** `https://host[:port]`; plain http is meant for loopback. */
  readonly server: string;
  /** Asked where the server calls itself `said` but `dialled` was dialled; false (or no function) ends in `realm-mismatch`. */
  readonly confirmRealm?: ((said: string, dialled: string) => Promise<boolean>) | undefined;
  /** Told, in words, what does not stop the work but makes it worse: that no worker thread can be started. Default: a warning of Node; in browsers what their console says of the script. */
  readonly onWarning?: ((message: string) => void) | undefined;
}
