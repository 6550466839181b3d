/**
 * How the figures of the port are called in Prometheus: name, label, kinds, help. Types make sure that none is missing and that no kind is
 * invented. README.md beside this file has the same as a table; a test holds both together.
 */
import type { Counts, Levels, Sizes, Times } from '../ports/meter.js';

/** One name with one label. */
export interface Family<Kind extends string = string> {
  readonly name: string;
  readonly help: string;
  /** Undefined: one series without a label. */
  readonly label: string | undefined;
  readonly kinds: readonly Kind[];
}

/** A family for each name of a list of the port. */
export type FamiliesOf<Names> = { readonly [Name in keyof Names]: Family<Names[Name] & string> };

export const counters: FamiliesOf<Counts> = {
  asked: { name: 'dice_blocks_asked_total', help: 'Blocks of existence questions, by answer.', label: 'answer', kinds: ['present', 'claimable', 'send'] },
  claimed: { name: 'dice_blocks_claimed_total', help: 'Blocks claimed by proof of possession.', label: 'result', kinds: ['pinned', 'refused'] },
  received: { name: 'dice_blocks_received_total', help: 'Blocks that clients sent.', label: 'result', kinds: ['taken', 'mismatched'] },
  stored: { name: 'dice_blocks_stored_total', help: 'Blocks made durable and filed.', label: undefined, kinds: ['block'] },
  served: { name: 'dice_blocks_served_total', help: 'Blocks fetched; absent ones are damaged.', label: 'result', kinds: ['sound', 'absent'] },
  blockBytes: { name: 'dice_block_bytes_total', help: 'Cipher bytes of blocks that were taken, stored, served.', label: 'way', kinds: ['received', 'stored', 'served'] },
  hits: { name: 'dice_dedup_hits_total', help: 'Blocks that were not stored because they were there, by cause.', label: 'cause', kinds: ['own', 'claimed', 'repeated', 'sent_again'] },
  commits: { name: 'dice_commits_total', help: 'Commits of images, by result.', label: 'result', kinds: ['stored', 'image-conflict', 'quota-exceeded', 'blocks-missing'] },
  rot: { name: 'dice_damage_total', help: 'Damage met while reading blocks.', label: 'outcome', kinds: ['index', 'healed', 'lost'] },
  limited: { name: 'dice_limited_total', help: 'Requests turned away by a limit.', label: 'limit', kinds: ['strict', 'general', 'guessing', 'proofs', 'bodies'] },
  scrubbed: { name: 'dice_scrub_bytes_total', help: 'Bytes of stored records that scrubs of this process read and hashed.', label: undefined, kinds: ['bytes'] },
  sweeps: { name: 'dice_sweeps_total', help: 'Runs of the collector.', label: 'result', kinds: ['done', 'failed', 'refused'] },
  swept: { name: 'dice_swept_total', help: 'What the collector took away.', label: 'what', kinds: ['blocks', 'copies', 'images', 'packs', 'uploads'] },
  sweptBytes: { name: 'dice_swept_bytes_total', help: 'Bytes that the collector freed: ciphers without a row, and bytes of packs.', label: 'what', kinds: ['collected', 'compacted'] },
};

/** Bounds in seconds for what a disk or a network does. */
const quick = [0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];
/** For what takes a request or longer. */
const slow = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];
const hours = [0.01, 0.1, 1, 10, 60, 600, 3_600];

export const timers: { readonly [Name in keyof Times]: Family<Times[Name]> & { readonly buckets: readonly number[] } } = {
  fsync: { name: 'dice_fsync_seconds', help: 'Syncs of pack files and of their folder.', label: 'target', kinds: ['file', 'folder'], buckets: quick },
  commit: { name: 'dice_index_commit_seconds', help: 'Commits of transactions of the index.', label: 'kind', kinds: ['sqlite_durable', 'sqlite_lazy', 'postgres'], buckets: quick },
  object: { name: 'dice_s3_seconds', help: 'Requests for packs to the bucket.', label: 'operation', kinds: ['put', 'get'], buckets: slow },
  sweep: { name: 'dice_sweep_seconds', help: 'Steps of the collector.', label: 'step', kinds: ['collect', 'merge', 'compact', 'whole'], buckets: hours },
};

export const sizes: { readonly [Name in keyof Sizes]: Family<Sizes[Name]> & { readonly buckets: readonly number[] } } = {
  group: { name: 'dice_group_calls', help: 'Calls that shared one durable write.', label: 'where', kinds: ['packs', 's3', 'sqlite'], buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256] },
};

export const levels: FamiliesOf<Levels> = {
  queue: { name: 'dice_queue_depth', help: 'Calls that wait or are under way.', label: 'queue', kinds: ['packs', 's3', 'sqlite', 'postgres', 'accounts', 'gate'] },
  queueBytes: { name: 'dice_queue_bytes', help: 'Payload bytes held by queues.', label: 'queue', kinds: ['packs', 's3'] },
};

/** Requests have more labels than one: route and method of the table, status, code of the refusal. */
export const requests = {
  count: { name: 'dice_http_requests_total', help: 'Requests answered, by route template, method and status; cut: the client left.' },
  seconds: { name: 'dice_http_request_seconds', help: 'From the head of a request to the end of its answer.', buckets: slow },
  bytes: { name: 'dice_http_bytes_total', help: 'Bytes on connections, headers included.' },
  refusals: { name: 'dice_refusals_total', help: 'Refused requests, by code.' },
} as const;
