/**
 * What a server's answers to one device are changed to, and lies told together (devices.ts).
 */
import type { Tamper } from './devices.js';

/** What the server answers to one request, changed. */
export function lie<T>(route: string, change: (answer: T) => unknown): Tamper {
  return async (asked, ask) => {
    const answer = await ask();
    // Of the form that the route answers.
    return asked === route && answer.ok ? Response.json(change((await answer.json()) as T)) : answer;
  };
}

/** Two lies at once. */
export const both = (one: Tamper, other: Tamper): Tamper => (asked, ask, query) => one(asked, () => other(asked, ask, query), query);
