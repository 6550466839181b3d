/**
 * `dice-admin users`: the accounts with what they use. Names and figures, never an e-mail address or a key.
 */
import { userCard, type UserCard } from '../../client-sdk/protocol/messages.js';
import { exitStatus, printResult, type Bench, type Verb } from './verb.js';

/** Lists all accounts by user name. */
export const users: Verb = async (bench) => {
  const cards = await allUsers(bench);
  printResult(bench, { users: cards.map((card) => userCard.format(card)) }, cards.map(lineOf));
  return exitStatus.done;
};

async function allUsers({ store }: Bench): Promise<readonly UserCard[]> {
  const cards: UserCard[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.services.report.users(cursor);
    cards.push(...page.users);
    cursor = page.next;
  } while (cursor !== undefined);
  return cards;
}

function lineOf({ username, isOperator, images, usedBytes, quotaBytes, createdAt }: UserCard): string {
  const quota = quotaBytes === undefined ? '' : ` of ${quotaBytes.toLocaleString('en')}`;
  const since = new Date(createdAt).toISOString().slice(0, 10);
  return `${username.padEnd(24)} ${images.toLocaleString('en')} images, ${usedBytes.toLocaleString('en')}${quota} bytes, since ${since}${isOperator ? ', operator' : ''}`;
}
