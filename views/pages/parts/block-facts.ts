/**
 * What the detail page says of one block: key, tag, rehash, check code, and the lines of its integrity check. Keys open
 * blocks and are shown only here, in the owner's browser.
 */
import type { ImageBlock } from '../../../client-sdk/browser/page.js';
import type { PlainBlockCheck } from '../../../client-sdk/browser/page-calls.js';
import type { CellOutcome, CellState } from './block-map.js';
import { el, icon } from './dom.js';
import { count } from './format.js';

const stateNames: Readonly<Record<CellState, string>> = { unknown: 'not known yet', new: 'new with this image', stored: 'already stored', patched: 'an earlier image’s block under a patch', flat: 'flat, kept in the manifest' };
const domainNames = { personal: 'personal (only your own)', open: 'open (everyone’s)', group: 'group (its members’)' } as const;

/** A term and its value for a list of facts. */
export function fact(name: string, value: string, className = ''): readonly HTMLElement[] {
  return [el('dt', {}, name), el('dd', { class: className }, value)];
}

/** The facts of one content. */
export function blockFacts(content: ImageBlock, state: CellState): readonly HTMLElement[] {
  const { region, block } = content;
  const place = region === undefined ? [] : fact('Place', `${count(region.width)} × ${count(region.height)} at ${count(region.x)}, ${count(region.y)}`);
  if (block === undefined) return [...fact('State', stateNames.flat), ...place];
  return [
    ...fact('State', stateNames[state]),
    ...place,
    ...fact('Domain', domainNames[block.domain]),
    ...fact('Key K', block.key, 'mono'),
    ...fact('Tag T', block.tag, 'mono'),
    ...fact('Cloud tag T1', block.rehash, 'mono'),
    ...fact('Check code H', codeText(block.code), 'mono'),
  ];
}

/** The check's steps in their order; open ones where it has not run. */
export function checkLines(content: ImageBlock, check: PlainBlockCheck | undefined): readonly HTMLElement[] {
  if (content.block === undefined) return [line('open', 'Nothing to fetch: it travels in the signed manifest.')];
  if (check === undefined) return [line('open', 'Not checked yet.')];
  const codes = check.storedCode === undefined || check.receivedCode === undefined ? '' : `: ${codeText(check.storedCode)} and ${codeText(check.receivedCode)}`;
  const steps: readonly (readonly [boolean, string])[] = [
    [check.isFetched, 'Fetched'],
    [check.isCodeEqual, `H(i) = H(j)${codes}`],
    [check.isHashRight, 'SHA-256 of the cipher is T'],
    [check.isKeyRight, 'The key opens it'],
    [check.isDecoded, 'Decoded'],
  ];
  const lines = steps.map(([isGood, text]) => line(isGood ? 'good' : 'bad', text));
  return check.error === undefined ? lines : [...lines, line('bad', check.error.message)];
}

/** Good only where every step was. */
export function outcomeOf(check: PlainBlockCheck): CellOutcome {
  const isGood = check.isFetched && check.isCodeEqual && check.isHashRight && check.isKeyRight && check.isDecoded && check.error === undefined;
  return isGood ? 'good' : 'bad';
}

function line(kind: 'good' | 'bad' | 'open', text: string): HTMLElement {
  return el('li', { class: `is-${kind}` }, icon({ good: 'check', bad: 'cross', open: 'wait' }[kind]), el('span', {}, text));
}

/** Ten bits, as the paper writes them. */
function codeText(code: number): string {
  return code.toString(2).padStart(10, '0');
}
