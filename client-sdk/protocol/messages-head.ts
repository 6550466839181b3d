/**
 * JSON bodies about the account head. Part of messages.ts. SPEC.md section 14.
 */
import { leafBytes } from './head-tree.js';
import type { ImageId } from './ids.js';
import { maxHeadBytes, maxHeadLeaves, maxPageHeads } from './limits.js';
import { digest } from './message-parts.js';
import { blob, id, integer, list, object, optional, time, type Infer } from './schema.js';

const counter = integer(1, Number.MAX_SAFE_INTEGER);
const keptHead = object({ counter, head: blob(1, maxHeadBytes) });

/** GET /account/head: the newest head; without the account has none. `restoredAt`: when the operator last restored the store from a backup or rebuilt it, as the server says. */
export const headCard = object({ head: optional(keptHead), restoredAt: optional(time) });
export type HeadCard = Infer<typeof headCard>;
/** GET /account/heads: those after a counter, the oldest first. */
export const headList = object({ heads: list(keptHead, maxPageHeads) });
export type HeadList = Infer<typeof headList>;
/** POST /account/head/paths. */
export const headPathsRequest = object({ images: list(id<ImageId>(), maxHeadLeaves) });
/** PUT /account/head: the head that has this counter, the leaves that change with it (packed, in order of ids), and the root that they lead to. */
export const headChange = object({ counter, head: blob(1, maxHeadBytes), leaves: blob(0, maxHeadLeaves * leafBytes), root: digest });
export type HeadChange = Infer<typeof headChange>;
