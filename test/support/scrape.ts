/**
 * A scrape of /metrics as Prometheus would take it, and a strict reader of its text: one series a line, each below its help and type, none twice.
 */
import request from 'supertest';

/** Series by their text (`name{label="value"}`) and their values. */
export type Scrape = ReadonlyMap<string, number>;

/** Scrapes a server of this machine. */
export async function scrape(url: string, token?: string): Promise<Scrape> {
  const asked = request(url).get('/metrics');
  const answer = await (token === undefined ? asked : asked.set('Authorization', `Bearer ${token}`));
  if (answer.status !== 200) throw new Error(`the scrape answered ${answer.status}: ${answer.text}`);
  return parseScrape(answer.text);
}

/** Parses the text format. Throws where a line is none of it. */
export function parseScrape(text: string): Scrape {
  if (!text.endsWith('\n')) throw new Error('the text does not end with a line');
  const series = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of text.split('\n').filter((candidate) => candidate !== '')) {
    if (line.startsWith('# HELP ')) continue;
    const [, name] = /^# TYPE (\w+) (?:counter|gauge|histogram)$/.exec(line) ?? [];
    if (name !== undefined) typed.add(name);
    else readSeries(line, { series, typed });
  }
  return series;
}

function readSeries(line: string, { series, typed }: { readonly series: Map<string, number>; readonly typed: ReadonlySet<string> }): void {
  const [, key = '', name = '', value = ''] = /^((\w+)(?:\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})?) (\S+)$/.exec(line) ?? [];
  const isTyped = [name, name.replace(/_(bucket|sum|count)$/, '')].some((base) => typed.has(base));
  const number = value === '+Inf' ? Infinity : Number(value);
  if (!isTyped || value === '' || Number.isNaN(number)) throw new Error(`not a series: ${line}`);
  if (series.has(key)) throw new Error(`a series twice: ${key}`);
  series.set(key, number);
}

/** What a series gained between two scrapes; one that was not there counts from 0. */
export function gained(before: Scrape, after: Scrape, key: string): number {
  const now = after.get(key);
  if (now === undefined) throw new Error(`there is no series ${key}`);
  return now - (before.get(key) ?? 0);
}
