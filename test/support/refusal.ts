/**
 * The refusal that an act ends in.
 */
import { Refusal, type RefusalCode } from '../../client-sdk/protocol/refusals.js';

/** Its code; undefined where the act succeeds. Any other error is thrown. */
export async function refusalCode(act: () => unknown): Promise<RefusalCode | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
