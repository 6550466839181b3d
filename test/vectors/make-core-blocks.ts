/**
 * Vectors of blocks: sealing and opening, tag, check code, domains, frames.
 */
import { asText, type Case, fixed, flipped, memberOf, type Produce } from './make-core-case.js';

const groupId = '00112233445566778899aabbccddeeff';

/** All cases of the folders sealing, tag, hamming, domain, frames. */
export async function blockCases(produce: Produce): Promise<readonly Case[]> {
  return [...sealing(), ...counters(), ...(await opening(produce)), ...tags(), ...(await hamming(produce)), ...domains(), ...(await frames(produce))];
}

function sealing(): readonly Case[] {
  const coded = (name: string, length: number): Case => ({
    path: `sealing/${name}`, why: `Seals ${String(length)} coded bytes.`, operation: 'sealCoded', input: { key: fixed('block key', 32), coded: fixed(name, length) },
  });
  const zeros: Case = {
    path: 'sealing/all-zero', why: 'Key and coded are zero bytes.', operation: 'sealCoded', input: { key: '00'.repeat(32), coded: '00'.repeat(48) },
  };
  const proof: Case = {
    path: 'sealing/possession', why: 'A proof of possession covers scope and cipher, each field with its length.', operation: 'provePossession',
    input: {
      nonce: fixed('nonce', 32), serverId: fixed('server', 16), accountId: fixed('account', 16), uploadId: fixed('upload', 16),
      rehash: fixed('rehash', 32), cipher: fixed('cipher', 50),
    },
  };
  return [coded('one-byte', 1), coded('one-aes-block', 16), coded('aes-block-and-a-byte', 17), coded('several-blocks', 100), zeros, proof];
}

function counters(): readonly Case[] {
  const of = (name: string, iv: string, why: string): Case => ({
    path: `sealing/counter-${name}`, why, operation: 'aes256Ctr', input: { key: fixed('ctr key', 32), iv, bytes: '00'.repeat(64) },
  });
  return [
    of('all-ones', 'ff'.repeat(16), 'The counter wraps from all ones to zero.'),
    of('low-32-ones', `00112233445566778899aabb${'ff'.repeat(4)}`, 'The carry leaves the low 32 bits: the counter is not 32 bits wide.'),
    of('low-64-ones', `0011223344556677${'ff'.repeat(8)}`, 'The carry leaves the low 64 bits.'),
  ];
}

async function opening(produce: Produce): Promise<readonly Case[]> {
  const content = fixed('content', 64);
  const key = fixed('a domain’s key', 32);
  const coded = `00000040${content}`;
  const seal = async (bytes: string) => {
    const block = await produce('sealCoded', { key, coded: bytes });
    return { cipher: memberOf(block, 'cipher'), tag: memberOf(block, 'tag'), key };
  };
  const tagged = async (cipher: string) => ({ cipher, tag: memberOf(await produce('tagOf', { cipher }), 'tag'), key });
  const good = await seal(coded);
  const open = (name: string, why: string, more: Pick<Case, 'input' | 'failure'>): Case => ({ path: `sealing/open-${name}`, why, operation: 'openBlock', ...more });
  const failing = (step: string) => `integrity-failed/${step}`;
  return [
    open('good', 'A block opens under the tag and key of the manifest.', { input: good }),
    open('padded', 'Without the domain, Padme padding (68 to 72 bytes) is accepted.', { input: await seal(`${coded}00000000`) }),
    open('flipped-bit', 'One flipped bit in the cipher stops at the tag.', { input: { ...good, cipher: flipped(good.cipher, -1) }, failure: failing('tag') }),
    open('flipped-iv', 'A cipher whose tag was replaced too stops at the iv.', { input: await tagged(flipped(good.cipher, 0)), failure: failing('iv') }),
    open('other-cipher', 'The cipher of other coded bytes under a tag of its own stops at the iv.', { input: await tagged(flipped(good.cipher, -1)), failure: failing('iv') }),
    open('other-key', 'Another key stops at the iv, before anything is decoded.', { input: { ...good, key: flipped(key, 0) }, failure: failing('iv') }),
    open('too-short', 'A cipher shorter than any block.', { input: await tagged('00'.repeat(17)), failure: failing('length') }),
    open('malformed', 'Honestly sealed bytes that no coder writes stop at decoding.', { input: await seal('000000ff00'), failure: failing('decode') }),
    open('odd-padding', 'Zeros that are no Padme padding (69 bytes).', { input: await seal(`${coded}00`), failure: failing('decode') }),
    open('dirty-padding', 'Padding with a byte that is not zero.', { input: await seal(`${coded}00000001`), failure: failing('decode') }),
    open('foreign-key', 'A key that is not the domain’s of this content stops at the domain.', { input: { ...good, domain: { id: 'open' } }, failure: failing('domain') }),
    open('unpadded-personal', 'In the domain personal, padding is not optional.', {
      input: { ...good, domain: { id: 'personal', secret: fixed('personal', 32) } }, failure: failing('decode'),
    }),
  ];
}

function tags(): readonly Case[] {
  return [['empty', 0], ['smallest', 18], ['odd', 99]].map(([name, length]) => ({
    path: `tag/${String(name)}`, why: 'T = SHA-256(C), T1 = SHA-256(T).', operation: 'tagOf', input: { cipher: fixed('tagged', Number(length)) },
  }));
}

async function hamming(produce: Produce): Promise<readonly Case[]> {
  const tag = fixed('tag', 32);
  const code = Number(await produce('hammingOf', { tag }));
  const of = (name: string, bytes: string): Case => ({ path: `hamming/code-${name}`, why: 'H(T).', operation: 'hammingOf', input: { tag: bytes } });
  const judge = (name: string, why: string, input: Case['input']): Case => ({ path: `hamming/judge-${name}`, why, operation: 'correct', input });
  return [
    of('zero', '00'.repeat(32)), of('ones', 'ff'.repeat(32)), of('fixed', tag),
    of('first-bit', `80${'00'.repeat(31)}`), of('last-bit', `${'00'.repeat(31)}01`),
    judge('intact', 'Tag and code belong together.', { tag, code }),
    judge('first-bit', 'Data bit 0 was flipped.', { tag: flipped(tag, 0), code }),
    judge('last-bit', 'Data bit 255 was flipped.', { tag: flipped(tag, 255), code }),
    judge('code-bit', 'Check bit 3 was flipped.', { tag, code: code ^ 8 }),
    judge('parity-bit', 'The parity bit was flipped.', { tag, code: code ^ 512 }),
    judge('two-data-bits', 'Two flips are noticed, not corrected.', { tag: flipped(flipped(tag, 7), 200), code }),
    judge('data-and-code', 'One flip in each is noticed, not corrected.', { tag: flipped(tag, 7), code: code ^ 1 }),
  ];
}

function domains(): readonly Case[] {
  const fingerprint = fixed('fingerprint', 32);
  const secret = fixed('domain secret', 32);
  const key = (name: string, domain: Case['input']): Case => ({ path: `domain/key-${name}`, why: 'K of a fingerprint.', operation: 'blockKey', input: { domain, fingerprint } });
  const padded = (id: 'open' | 'personal', length: number): Case => ({
    path: `domain/padded-${id}-${String(length)}`, why: 'Coded is padded in personal only, and never above the largest coded.',
    operation: 'paddedLength', input: { domain: { id, secret }, length },
  });
  return [
    key('open', { id: 'open' }), key('personal', { id: 'personal', secret }), key('group', { id: groupId, secret }),
    padded('open', 1_000), ...[2, 96, 1_000, 1_001, 1_048_576, 1_048_580].map((length) => padded('personal', length)),
  ];
}

async function frames(produce: Produce): Promise<readonly Case[]> {
  const rehash = fixed('rehash', 32);
  const block = { rehash, code: 517, cipher: fixed('cipher', 40) };
  const stream = asText(await produce('encodeStream', { frames: [block, { rehash }] }));
  const end = stream.slice(-10);
  const written = (name: string, list: Case['input'][]): Case => ({ path: `frames/write-${name}`, why: 'A stream of frames.', operation: 'encodeStream', input: { frames: list } });
  const read = (name: string, why: string, bytes: string): Case => ({
    path: `frames/read-${name}`, why, operation: 'readStream', input: { stream: bytes }, ...(name === 'good' ? {} : { failure: 'frame-invalid' }),
  });
  const headless = (length: string) => `4442463101${rehash}0000${length}`;
  return [
    written('empty', []), written('block', [block]), written('absent', [{ rehash }]), written('both', [block, { rehash }]),
    read('good', 'A stream gives its frames back.', stream),
    read('cut', 'A stream without its end frame was cut off.', stream.slice(0, -10)),
    read('miscounted', 'The end frame counts other frames.', `${stream.slice(0, -2)}03`),
    read('trailing', 'A byte follows the end frame.', `${stream}00`),
    read('other-magic', 'It does not begin with DBF1.', `44424632${stream.slice(8)}`),
    read('unknown-kind', 'A frame of kind 3.', `4442463103${end}`),
    read('too-long', 'A length above the largest cipher, refused before anything is kept.', headless('00100015')),
    read('too-short', 'A length below the smallest cipher.', headless('00000011')),
    read('absent-with-length', 'An absent frame has no bytes.', `4442463102${rehash}000000000001`),
    read('code-too-large', 'A check code has 10 bits.', `4442463101${rehash}040000000012${'00'.repeat(18)}`),
  ];
}
