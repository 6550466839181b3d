/**
 * Opens fetched blocks, in whatever thread: each is judged in the order of SPEC.md section 3. Knows neither the network nor
 * the manifest. Keeps nothing.
 */
import type { Breath } from './breath.js';
import { contentCoder } from './coder.js';
import { openBlock } from './core/block.js';
import type { CryptoProvider } from './core/crypto.js';
import { DiceError } from './core/errors.js';
import { hammingOf } from './protocol/hamming.js';
import type { OpenedBlock, OpenInput } from './tasks.js';

/** See Tasks.open. */
export async function openBlocks(crypto: CryptoProvider, { blocks }: OpenInput, breath: Breath): Promise<readonly OpenedBlock[]> {
  const opened: OpenedBlock[] = [];
  for (const block of blocks) {
    opened.push(await openOne(crypto, block));
    await breath.breatheSometimes();
  }
  return opened;
}

/** One block, judged; the code of what came beside what is in it. */
export async function openOne(crypto: CryptoProvider, block: OpenInput['blocks'][number]): Promise<OpenedBlock> {
  const code = hammingOf(await crypto.sha256(block.cipher));
  try {
    return { code, content: await openBlock(crypto, contentCoder, block) };
  } catch (thrown) {
    if (thrown instanceof DiceError) return { code, error: thrown };
    throw thrown;
  }
}
