/**
 * Runs of ids, as `reference_run` keeps the tags of an image: ascending, none touching the next. No SQL.
 */

/** `tags` ids from `first_tag` on. */
export interface IdRun {
  readonly first_tag: number;
  readonly tags: number;
}

/** Runs of ascending, distinct ids. */
export function runsOf(ids: readonly number[]): readonly IdRun[] {
  return united(ids.map((id) => ({ first_tag: id, tags: 1 })));
}

/** Other ids in place of some that lie in the runs. `runs` in order. */
export function exchange(runs: readonly IdRun[], into: ReadonlyMap<number, number>): readonly IdRun[] {
  const gone = [...into.keys()].sort((a, b) => a - b);
  const come = [...into.values()].map((id) => ({ first_tag: id, tags: 1 }));
  return united([...without(runs, gone), ...come].sort((a, b) => a.first_tag - b.first_tag));
}

/** Those of `ids` (in order) that lie in `runs` (in order). */
export function idsWithin(runs: readonly IdRun[], ids: readonly number[]): readonly number[] {
  let at = 0;
  return ids.filter((id) => {
    while (at < runs.length && endOf(runs[at]) <= id) at++;
    return (runs[at]?.first_tag ?? Infinity) <= id;
  });
}

/** `ids` lie in the runs, in order. */
function without(runs: readonly IdRun[], ids: readonly number[]): readonly IdRun[] {
  const left: IdRun[] = [];
  let at = 0;
  for (const run of runs) {
    let from = run.first_tag;
    for (let id = ids[at]; id !== undefined && id < endOf(run); id = ids[++at]) {
      if (id > from) left.push({ first_tag: from, tags: id - from });
      from = id + 1;
    }
    if (from < endOf(run)) left.push({ first_tag: from, tags: endOf(run) - from });
  }
  return left;
}

/** `runs` in order of their first ids; they may overlap. */
function united(runs: readonly IdRun[]): readonly IdRun[] {
  const found: IdRun[] = [];
  for (const run of runs) {
    const last = found.at(-1);
    if (last === undefined || endOf(last) < run.first_tag) found.push(run);
    else found[found.length - 1] = { first_tag: last.first_tag, tags: Math.max(endOf(last), endOf(run)) - last.first_tag };
  }
  return found;
}

/** The id after the last one. */
function endOf(run: IdRun | undefined): number {
  return run === undefined ? Infinity : run.first_tag + run.tags;
}
