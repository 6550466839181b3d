/**
 * `dice invite`: a link for one new account, which joins this account's group.
 */
import { tableText, timeText } from './amounts.js';
import type { Context } from './context.js';
import { numberOption } from './number-option.js';
import type { Call, VerbHost } from './verb.js';

interface InviteOptions {
  readonly days?: string;
  readonly list?: boolean;
  readonly end?: string;
}

export function addInvite(host: VerbHost): void {
  host
    .verb<InviteOptions>('invite', 'make an invitation link for one new account of this group', invite)
    .option('--days <n>', 'how long it holds (1 to 90; default 7)')
    .option('--list', 'show the invitations of this account')
    .option('--end <id>', 'withdraw an invitation');
}

async function invite(context: Context, { options }: Call<InviteOptions>): Promise<0> {
  if (options.list === true) return list(context);
  const client = await context.member();
  if (options.end !== undefined) {
    await client.endInvitation(options.end, { signal: context.signal });
    context.console.say('Withdrawn.');
    context.console.document({ invitationId: options.end, ended: true });
    return 0;
  }
  const days = numberOption('--days', options.days ?? '7', { min: 1, max: 90 });
  const { link, invitationId, expiresAt } = await client.invite({ days }, { signal: context.signal });
  context.console.note(`For one new account, until ${timeText(expiresAt)}. Who has the link can join your group:`);
  context.console.say(link);
  context.console.document({ invitationId, link, expiresAt: timeText(expiresAt) });
  return 0;
}

async function list(context: Context): Promise<0> {
  const client = await context.member();
  const invitations = await client.invitations({ signal: context.signal });
  const rows = invitations.map((card) => [card.invitationId, timeText(card.expiresAt), card.usedBy ?? (card.usedAt === undefined ? 'unused' : 'used')]);
  context.console.say(tableText([['invitation', 'expires', 'used by'], ...rows]));
  context.console.document({
    invitations: invitations.map((card) => {
      return { invitationId: card.invitationId, createdAt: timeText(card.createdAt), expiresAt: timeText(card.expiresAt), usedBy: card.usedBy ?? null };
    }),
  });
  return 0;
}
