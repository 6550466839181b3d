/**
 * Seals contents, in whatever thread: code, decode again and compare, encrypt, tag. Keeps nothing. SPEC.md section 3.
 */
import type { Breath } from './breath.js';
import { contentCoder } from './coder.js';
import { codeForSealing, sealContent } from './core/block.js';
import type { CryptoProvider } from './core/crypto.js';
import { minBlockCodedBytes } from './protocol/limits.js';
import type { FingerprintedContent, SealedContent, SealInput } from './tasks.js';

/** See Tasks.seal. */
export async function sealContents(crypto: CryptoProvider, { domain, contents }: SealInput, breath: Breath): Promise<readonly SealedContent[]> {
  const sealed: SealedContent[] = [];
  for (const item of contents) {
    sealed.push(await sealOne(crypto, domain, item));
    await breath.breatheSometimes();
  }
  return sealed;
}

async function sealOne(crypto: CryptoProvider, domain: SealInput['domain'], item: FingerprintedContent): Promise<SealedContent> {
  const coded = codedForSealing(item);
  if (coded.length < minBlockCodedBytes) return { kind: 'inline', coded };
  const { cipher, tag, rehash, code } = await sealContent(crypto, domain, { fingerprint: item.fingerprint, coded });
  return { kind: 'block', cipher, tag, rehash, code };
}

/** The shortest form that gives the content back. */
function codedForSealing({ content, coded, equalisation }: FingerprintedContent): Uint8Array {
  if (coded !== undefined || equalisation === undefined) return codeForSealing(contentCoder, content, coded);
  try {
    return codeForSealing(contentCoder, content, contentCoder.code(content, equalisation));
  } catch {
    // What only makes it shorter must not keep it from being stored; what else is wrong shows here again.
    return codeForSealing(contentCoder, content);
  }
}
