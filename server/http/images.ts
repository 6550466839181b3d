/**
 * Routes of uploads, blocks and images: the table's calls turned into calls of the services. Blocks stay streams from the
 * socket to the rules and back. SPEC.md section 12.
 */
import { asTag, type Tag, type UploadId } from '../../client-sdk/protocol/ids.js';
import { hashBytes, maxPageImages } from '../../client-sdk/protocol/limits.js';
import type { RouteName } from '../../client-sdk/protocol/routes.js';
import { invalid } from '../../client-sdk/protocol/schema.js';
import type { Caller, Services, UploadName } from '../core/contract.js';
import type { HandlersOf } from './call.js';

type UploadRoutes = Extract<RouteName, 'beginUpload' | 'askExistence' | 'claimBlocks' | 'sendBlocks' | 'commitImages' | 'endUpload'>;
type ImageRoutes = Extract<RouteName, 'listImages' | 'readImage' | 'readImages' | 'readPreview' | 'fetchBlocks' | 'trashImage' | 'restoreImage' | 'purgeImage'>;

/** Handlers of upload sessions. */
export function uploadHandlers({ uploads, blocks }: Services): HandlersOf<UploadRoutes> {
  return {
    beginUpload: async ({ caller }) => uploads.begin(caller.account.accountId),
    askExistence: async ({ caller, ids, body }) => uploads.askExistence(nameOf(caller, ids), body),
    claimBlocks: async ({ caller, ids, body }) => ({ states: await uploads.claim(nameOf(caller, ids), body) }),
    sendBlocks: async ({ caller, ids, body }) => blocks.receive(nameOf(caller, ids), body),
    commitImages: async ({ caller, ids, body }) => ({ results: await uploads.commit(nameOf(caller, ids), body) }),
    endUpload: async ({ caller, ids }) => {
      await uploads.end(nameOf(caller, ids));
      return undefined;
    },
  };
}

/** Handlers of images. */
export function imageHandlers({ images, blocks }: Services): HandlersOf<ImageRoutes> {
  return {
    listImages: async ({ caller, query }) => images.list(caller.account.accountId, pageOf(query)),
    readImage: async ({ caller, ids }) => images.read(caller.account.accountId, ids.imageId),
    readImages: async ({ caller, body }) => ({ records: await images.readSeveral(caller.account.accountId, body.images) }),
    readPreview: async ({ caller, ids }) => images.preview(caller.account.accountId, ids.imageId),
    fetchBlocks: async ({ caller, ids, body }) => blocks.fetch(caller.account.accountId, ids.imageId, tagsOf(body)),
    trashImage: async ({ caller, ids }) => {
      await images.trash(caller.account.accountId, ids.imageId);
      return undefined;
    },
    restoreImage: async ({ caller, ids }) => {
      await images.restore(caller.account.accountId, ids.imageId);
      return undefined;
    },
    purgeImage: async ({ caller, ids }) => {
      await images.purge(caller.account.accountId, ids.imageId);
      return undefined;
    },
  };
}

function nameOf(caller: Caller, ids: { readonly uploadId: UploadId }): UploadName {
  return { accountId: caller.account.accountId, uploadId: ids.uploadId };
}

function tagsOf(packed: Uint8Array): readonly Tag[] {
  const tags: Tag[] = [];
  for (let at = 0; at < packed.length; at += hashBytes) tags.push(asTag(packed.subarray(at, at + hashBytes)));
  return tags;
}

function pageOf(query: ReadonlyMap<string, string>): { readonly isTrash: boolean; readonly cursor: string | undefined; readonly limit: number | undefined } {
  return { isTrash: trashOf(query.get('trash')), cursor: query.get('cursor'), limit: limitOf(query.get('limit')) };
}

function trashOf(text: string | undefined): boolean {
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw invalid('query.trash', 'true or false');
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= maxPageImages) return limit;
  throw invalid('query.limit', `an integer from 1 to ${String(maxPageImages)}`);
}
