/**
 * Routes of account heads: the table's calls turned into calls of the service. SPEC.md section 14.
 */
import { idOf, type ImageId } from '../../client-sdk/protocol/ids.js';
import type { RouteName } from '../../client-sdk/protocol/routes.js';
import { invalid } from '../../client-sdk/protocol/schema.js';
import type { Services } from '../core/contract.js';
import type { HandlersOf } from './call.js';

type HeadRoutes = Extract<RouteName, 'readHead' | 'listHeads' | 'listLeaves' | 'readHeadPaths' | 'replaceHead'>;

/** Handlers of account heads. */
export function headHandlers({ heads }: Services): HandlersOf<HeadRoutes> {
  return {
    readHead: async ({ caller }) => heads.read(caller.account.accountId),
    listHeads: async ({ caller, query }) => heads.list(caller.account.accountId, counterOf(query.get('after'))),
    listLeaves: async ({ caller, query }) => heads.leaves(caller.account.accountId, imageOf(query.get('after'))),
    readHeadPaths: async ({ caller, body }) => heads.paths(caller.account.accountId, body.images),
    replaceHead: async ({ caller, body }) => {
      await heads.replace(caller.account.accountId, body);
      return undefined;
    },
  };
}

function counterOf(text: string | undefined): number {
  const counter = /^\d{1,15}$/.test(text ?? '0') ? Number(text ?? '0') : undefined;
  if (counter === undefined) throw invalid('query.after', 'the counter of a head');
  return counter;
}

function imageOf(text: string | undefined): ImageId | undefined {
  if (text === undefined) return undefined;
  const imageId = idOf<ImageId>(text);
  if (imageId === undefined) throw invalid('query.after', 'an image id');
  return imageId;
}
