/**
 * An answer that has begun and breaks off is a broken answer, not a server that was never there: integrity, exit status 4.
 */
import { DiceError, fault } from '../core/errors.js';

/** The same pieces; where the server goes away between them, DiceError `answer-invalid`. */
export async function* unbroken<T>(pieces: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  try {
    yield* pieces;
  } catch (thrown) {
    if (!(thrown instanceof DiceError) || thrown.code !== 'server-unreachable') throw thrown;
    throw fault('answer-invalid', 'It broke off in the middle, and the server cannot be reached any more.', thrown);
  }
}
