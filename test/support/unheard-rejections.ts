/**
 * Rejections that nobody had heard when their turn ended. Tests run with a `process` of their own, which Node tells nothing; test/environment.mjs hands over the one that it tells.
 */
const { hostProcess } = globalThis as unknown as { readonly hostProcess: NodeJS.Process }; // set in test/environment.mjs

/** From now on until `stop`, which answers their reasons. */
export function listenForUnheard(): { stop(): readonly unknown[] } {
  const reasons: unknown[] = [];
  const hear = (reason: unknown): void => { reasons.push(reason); };
  hostProcess.on('unhandledRejection', hear);
  return {
    stop() {
      hostProcess.off('unhandledRejection', hear);
      return reasons;
    },
  };
}
