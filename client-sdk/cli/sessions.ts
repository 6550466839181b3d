/**
 * `dice sessions`: who is logged in to this account, and ending one.
 */
import { tableText, timeText } from './amounts.js';
import type { Context } from './context.js';
import type { Call, VerbHost } from './verb.js';

export function addSessions(host: VerbHost): void {
  host.verb<{ readonly end?: string }>('sessions', 'show sessions and tokens of the account', sessions).option('--end <id>', 'end a session or token');
}

async function sessions(context: Context, { options }: Call<{ readonly end?: string }>): Promise<0> {
  const client = await context.member();
  if (options.end !== undefined) {
    await client.endSession(options.end, { signal: context.signal });
    context.console.say('Ended.');
    context.console.document({ sessionId: options.end, ended: true });
    return 0;
  }
  const cards = await client.sessions({ signal: context.signal });
  const rows = cards.map((card) => [card.sessionId, card.kind, card.device ?? '', timeText(card.lastUsedAt), card.isCurrent ? 'this one' : '']);
  context.console.say(tableText([['session', 'kind', 'device', 'last used', ''], ...rows]));
  context.console.document({
    sessions: cards.map((card) => {
      const { sessionId, kind, isCurrent } = card;
      return { sessionId, kind, isCurrent, device: card.device ?? null, createdAt: timeText(card.createdAt), lastUsedAt: timeText(card.lastUsedAt), expiresAt: timeText(card.expiresAt) };
    }),
  });
  return 0;
}
