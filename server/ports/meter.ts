/**
 * What a running server counts and times of itself. Names are closed lists: nothing of a request, an account or an image can become one.
 * A meter never fails and never waits. Figures are totals of the process; whoever counts adds once for a request or a group, not for each
 * block. `silentMeter` is for who does not measure.
 */

/** Counters, each with its closed list of kinds. */
export interface Counts {
  /** Blocks of existence questions, by answer. */
  readonly asked: 'present' | 'claimable' | 'send';
  /** Blocks claimed by proof. */
  readonly claimed: 'pinned' | 'refused';
  /** Blocks that came with frames, by whether tag and code were what their sender said. */
  readonly received: 'taken' | 'mismatched';
  /** Blocks that were made durable and filed. */
  readonly stored: 'block';
  /** Blocks of fetches; absent ones are damaged. */
  readonly served: 'sound' | 'absent';
  /** Cipher bytes of what `received`, `stored` and `served` count. */
  readonly blockBytes: 'received' | 'stored' | 'served';
  /**
   * Blocks that were not stored because they were there: the account has it (asked), it was claimed by proof, it came twice in one request, it was
   * sent although the account has it. What was merged afterwards is `swept`'s `copies`.
   */
  readonly hits: 'own' | 'claimed' | 'repeated' | 'sent_again';
  /** Results of commits, in the words of the answer. */
  readonly commits: 'stored' | 'image-conflict' | 'quota-exceeded' | 'blocks-missing';
  /** Damage that was met while reading: put right in the index, healed from an equal copy, or a block without an intact copy. */
  readonly rot: 'index' | 'healed' | 'lost';
  /** Requests turned away: limits by address, delays after failed logins, the budget of proofs, no room for another body. */
  readonly limited: 'strict' | 'general' | 'guessing' | 'proofs' | 'bodies';
  /** Bytes of stored records that scrubs hashed. */
  readonly scrubbed: 'bytes';
  readonly sweeps: 'done' | 'failed' | 'refused';
  /** What sweeps took away. */
  readonly swept: 'blocks' | 'copies' | 'images' | 'packs' | 'uploads';
  /** Cipher bytes of collected blocks; bytes of pack files that compaction gave back. */
  readonly sweptBytes: 'collected' | 'compacted';
}

/** Durations. */
export interface Times {
  /** Syncs of pack files and of their folder. */
  readonly fsync: 'file' | 'folder';
  /** The statement that ends a transaction of the index. */
  readonly commit: 'sqlite_durable' | 'sqlite_lazy' | 'postgres';
  /** Requests to the bucket, their repetitions included. */
  readonly object: 'put' | 'get';
  /** Steps of a sweep. */
  readonly sweep: 'collect' | 'merge' | 'compact' | 'whole';
}

/** Sizes of groups: how many calls shared one durable write. */
export interface Sizes {
  readonly group: 'packs' | 's3' | 'sqlite';
}

/** What can be read at any moment. */
export interface Levels {
  /** Steps or calls that wait or are under way. */
  readonly queue: 'packs' | 's3' | 'sqlite' | 'postgres' | 'accounts' | 'gate';
  /** Payload bytes held by them. */
  readonly queueBytes: 'packs' | 's3';
}

/** One request that is over. */
export interface SeenRequest {
  /** Template of the route, or `unknown`: never a path. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  /** The client left before the answer was whole. */
  readonly isCut: boolean;
  /** Code of the refusal that answered it, out of the closed table. */
  readonly refusal: string | undefined;
  readonly seconds: number;
  /** Bytes on the connection, headers included. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface Meter {
  add<Name extends keyof Counts>(name: Name, kind: Counts[Name], amount: number): void;
  time<Name extends keyof Times>(name: Name, kind: Times[Name], seconds: number): void;
  size<Name extends keyof Sizes>(name: Name, kind: Sizes[Name], calls: number): void;
  /** Reads a level whenever somebody looks; the last one given for a name and kind counts. */
  watch<Name extends keyof Levels>(name: Name, kind: Levels[Name], read: () => number): void;
  request(seen: SeenRequest): void;
}

function ignore(): void {
  return;
}

/** Measures nothing. */
export const silentMeter: Meter = { add: ignore, time: ignore, size: ignore, watch: ignore, request: ignore };
