/**
 * What a person types to find images: words of names and paths, `*.png`, `type:jpeg`, days and months in figures and words. Pure, and
 * nothing of it leaves the page. Upper case, accents and ligatures do not count.
 */
import type { Image } from '../../../client-sdk/browser/page.js';
import { dayKey } from './days.js';

/** True for an image that is wanted. */
export type ImageFilter = (image: Image) => boolean;

/** What is looked at of an image, folded. */
interface SearchText {
  readonly path: string;
  readonly base: string;
  readonly type: string;
  /** `2026-03-12` of the file and of the storing, in the reader's time zone. */
  readonly days: readonly string[];
}

const texts = new WeakMap<Image, SearchText>();
const dayMs = 86_400_000;
const months = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
const sameEndings: Readonly<Record<string, string>> = { jpg: 'jpeg', tif: 'tiff' };
const letters: Readonly<Record<string, string>> = { ß: 'ss', ø: 'o', æ: 'ae', œ: 'oe', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i' };

/** The filter of a query, all of whose words must fit; undefined where it asks for nothing. `now` is what today means. */
export function filterOf(query: string, now: number): ImageFilter | undefined {
  const words = [...query.matchAll(/"([^"]*)"?|(\S+)/g)].map(([, phrase, word]) => ({ text: folded(phrase ?? word ?? ''), isPhrase: phrase !== undefined }));
  const filters: ImageFilter[] = [];
  for (let at = 0; at < words.length; ) {
    const rest = words.slice(at).map(({ text, isPhrase }) => (isPhrase ? '' : text));
    const date = datePhrase(rest);
    const word = words[at];
    if (date !== undefined) {
      filters.push(date.filter);
      at += date.words;
    } else {
      if (word !== undefined && word.text !== '') filters.push(word.isPhrase ? holds(word.text) : wordFilter(word.text, now));
      at++;
    }
  }
  return filters.length === 0 ? undefined : (image) => filters.every((filter) => filter(image));
}

/** Lower case without accents; letters that have no plain form under Unicode's rules get their usual one. */
export function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[ßøæœłđðþı]/g, (letter) => letters[letter] ?? letter);
}

function textOf(image: Image): SearchText {
  const known = texts.get(image);
  if (known !== undefined) return known;
  const path = folded(image.name);
  const days = [image.modifiedAt ?? image.createdAt, image.createdAt].map(dayKey);
  const text = { path, base: path.slice(path.lastIndexOf('/') + 1), type: image.type, days };
  texts.set(image, text);
  return text;
}

function wordFilter(word: string, now: number): ImageFilter {
  if (word.startsWith('type:') && word.length > 5) return ofType(word.slice(5));
  if (/[*?]/.test(word)) return (image) => fits(textOf(image).base, word) || fits(textOf(image).path, word);
  if (word === 'today') return onDay((key) => key === dayKey(now), word);
  if (word === 'yesterday') return onDay((key) => key === dayKey(now - dayMs), word);
  const figures = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/.exec(word);
  if (figures === null) return holds(word);
  const start = figures.slice(1).filter((part) => (part as string | undefined) !== undefined).map((part) => part.padStart(2, '0')).join('-');
  return onDay((key) => key === start || key.startsWith(`${start}-`), word);
}

function holds(word: string): ImageFilter {
  return (image) => textOf(image).path.includes(word);
}

/** The day, or the same letters in the name. */
function onDay(isDay: (key: string) => boolean, ...words: readonly string[]): ImageFilter {
  return (image) => {
    const { days, path } = textOf(image);
    return days.some(isDay) || words.every((word) => path.includes(word));
  };
}

function ofType(wanted: string): ImageFilter {
  const name = sameEndings[wanted] ?? wanted;
  return (image) => {
    const { type, base } = textOf(image);
    const ending = base.slice(base.lastIndexOf('.') + 1);
    return type.includes(name) || (sameEndings[ending] ?? ending) === name;
  };
}

/** `12 march 2026`, `march 12 2026`, `march 2026`, `12 march`, `march`: how many words it takes. */
function datePhrase(words: readonly string[]): { readonly filter: ImageFilter; readonly words: number } | undefined {
  const isDayFirst = dayOf(words[0]) !== undefined;
  const month = monthOf(words[isDayFirst ? 1 : 0]);
  if (month === undefined) return undefined;
  let taken = isDayFirst ? 2 : 1;
  const day = isDayFirst ? dayOf(words[0]) : dayOf(words[taken]);
  if (!isDayFirst && day !== undefined) taken++;
  const year = /^\d{4}$/.exec(words[taken] ?? '')?.[0];
  if (year !== undefined) taken++;
  const isDay = (key: string): boolean => {
    const [itsYear, itsMonth, itsDay] = key.split('-');
    return itsMonth === month && (day === undefined || itsDay === day) && (year === undefined || itsYear === year);
  };
  return { filter: onDay(isDay, ...words.slice(0, taken)), words: taken };
}

function monthOf(word: string | undefined): string | undefined {
  if (word === undefined || word.length < 3) return undefined;
  const index = months.findIndex((name) => name === word || name.slice(0, 3) === word || (word === 'sept' && name === 'september'));
  return index < 0 ? undefined : String(index + 1).padStart(2, '0');
}

function dayOf(word: string | undefined): string | undefined {
  const found = /^(\d{1,2})(?:st|nd|rd|th)?$/.exec(word ?? '')?.[1];
  return found !== undefined && Number(found) >= 1 && Number(found) <= 31 ? found.padStart(2, '0') : undefined;
}

/** The whole text fits a pattern of `*` and `?`. Goes back to the last star alone, so that no pattern takes for ever. */
function fits(text: string, pattern: string): boolean {
  let at = 0;
  let star = -1;
  let from = 0;
  let i = 0;
  while (i < text.length) {
    if (at < pattern.length && pattern[at] !== '*' && (pattern[at] === '?' || pattern[at] === text[i])) {
      at++;
      i++;
    } else if (pattern[at] === '*') {
      star = at++;
      from = i;
    } else if (star >= 0) {
      at = star + 1;
      i = ++from;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
