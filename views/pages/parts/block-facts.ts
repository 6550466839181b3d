/**
 * What the detail page says of one block: key, tag, rehash, check code, sizes, and the lines of its integrity check. Keys open
 * blocks: they are shown only here, in the owner's browser, and only when asked for.
 */
import type { BlockStep, ImageBlock } from '../../../client-sdk/browser/page.js';
import type { PlainBlockCheck } from '../../../client-sdk/browser/page-calls.js';
import { stateWords } from './block-words.js';
import { copyText } from './copy.js';
import { button, el, icon } from './dom.js';
import { bytes, count } from './format.js';
import type { CellState } from './map-looks.js';

const domainNames = { personal: 'personal (only your own)', open: 'open (everyone’s)', group: 'group (its members’)' } as const;

/** A term and its value for a list of facts. */
export function fact(name: string, value: string | Node, className = ''): readonly HTMLElement[] {
  return [el('dt', {}, name), el('dd', { class: className }, value)];
}

/** What is known of a block beside itself. */
export interface BlockKnowledge {
  readonly state: CellState;
  readonly place: string;
  readonly check: PlainBlockCheck | undefined;
}

/** The facts of one block. */
export function blockFacts(content: ImageBlock, { state, place, check }: BlockKnowledge): readonly HTMLElement[] {
  const { block, role } = content;
  const lies = [...fact('Where', `${place.slice(0, 1).toUpperCase()}${place.slice(1)}`), ...pixelsOf(content)];
  if (block === undefined) return [...fact('State', stateWords.flat), ...lies];
  return [
    ...fact('State', role === 'segment' ? 'holds a part of skeleton or lists' : stateWords[state]),
    ...lies,
    ...fact('Domain', domainNames[block.domain]),
    ...fact('Key K', hiddenKey(block.key)),
    ...fact('Tag T', block.tag, 'mono'),
    ...fact('Rehash T1', block.rehash, 'mono'),
    ...fact('Check code H', codeText(block.code), 'mono'),
    ...fact('Sealed', check?.cipherBytes === undefined ? 'told by the check' : exactly(check.cipherBytes)),
    ...fact('Opened', check?.contentBytes === undefined ? 'told by the check' : exactly(check.contentBytes)),
    ...(content.patchBytes === undefined ? [] : fact('Patch', exactly(content.patchBytes))),
  ];
}

function pixelsOf({ region, place }: ImageBlock): readonly HTMLElement[] {
  const box = place?.region ?? region;
  return box === undefined ? [] : fact('Pixels', `${count(box.width)} × ${count(box.height)} at ${count(box.x)}, ${count(box.y)}`);
}

/** Shown when asked for, and hidden again with the next block. */
function hiddenKey(key: string): HTMLElement {
  const place = el('div', { class: 'stack-tight', id: 'block-key' });
  place.append(button('Show key', () => {
    const shown = el('span', { class: 'mono', tabindex: '-1' }, key);
    place.replaceChildren(shown, el('p', { class: 'small quiet' }, 'Who has this key and the block can open it: keep it to yourself.'), el('p', {}, button('Copy key', () => { copyText(shown, 'The key is copied. Do not leave it in the clipboard.'); }, 'slim')));
    shown.focus();
  }, 'slim'));
  return place;
}

const stepNames = ['fetch', 'code', 'hash', 'key', 'decode'] as const;
/** Each step as it is while open, when it was right, and when it failed. */
const stepTexts: Readonly<Record<BlockStep['step'], readonly [open: string, good: string, bad: string]>> = {
  fetch: ['Fetch it from the server', 'Fetched', 'Failed: the server cannot give it'],
  code: ['Compare the check codes', 'H(i) = H(j): the check codes are equal', 'Failed: H(i) is not H(j), the check codes differ'],
  hash: ['Hash it', 'Its hash is its tag T', 'Failed: its hash is not its tag'],
  key: ['Open it', 'The key opens it', 'Failed: the key does not open it'],
  decode: ['Decode it', 'Decoded', 'Failed: it cannot be decoded'],
};

/** The lines of a check under way. */
export function runningLines(done: ReadonlyMap<BlockStep['step'], boolean>): readonly HTMLElement[] {
  return stepNames.map((step) => {
    const isRight = done.get(step);
    return isRight === undefined ? line('open', `${stepTexts[step][0]}…`) : line(isRight ? 'good' : 'bad', stepTexts[step][isRight ? 1 : 2]);
  });
}

/** The check's steps in their order; open ones where it has not run. */
export function checkLines(content: ImageBlock, check: PlainBlockCheck | undefined): readonly HTMLElement[] {
  if (content.block === undefined) return [line('open', 'Nothing to fetch: it travels in the signed manifest.')];
  if (check === undefined) return [line('open', 'Not checked yet.')];
  const outcomes = { fetch: check.isFetched, code: check.isCodeEqual, hash: check.isHashRight, key: check.isKeyRight, decode: check.isDecoded };
  const failed = stepNames.findIndex((step) => !outcomes[step] && step !== 'code');
  const codes = check.storedCode === undefined || check.receivedCode === undefined ? '' : ` (${codeText(check.storedCode)}, ${codeText(check.receivedCode)})`;
  return stepNames.map((step, i) => {
    if (failed >= 0 && i > failed) return line('open', `${stepTexts[step][0]}: not reached`);
    return line(outcomes[step] ? 'good' : 'bad', stepTexts[step][outcomes[step] ? 1 : 2] + (step === 'code' ? codes : ''));
  });
}

function line(kind: 'good' | 'bad' | 'open', text: string): HTMLElement {
  return el('li', { class: `is-${kind}` }, icon({ good: 'check', bad: 'cross', open: 'wait' }[kind]), el('span', {}, text));
}

function exactly(value: number): string {
  return value < 1_000 ? bytes(value) : `${bytes(value)} (${count(value)} bytes)`;
}

/** Ten bits, as the paper writes them. */
function codeText(code: number): string {
  return code.toString(2).padStart(10, '0');
}
