/**
 * A process that moves a store and kills itself at a given step of writing, for tests that go on with the move. Not a test and not for use: the order comes as
 * one JSON parameter. Ends with 0 where the move came to its end before that step.
 */
import { moveStore } from '../../server/core/moving/move-store.js';
import { openMove } from '../../server/open-move.js';
import { placesOf, type MoveWish, type StorePlace } from '../../server/move-places.js';

/** Addresses are texts here. */
interface Order {
  readonly source: StorePlace;
  readonly wish: MoveWish;
  /** The step at which to die: an even one after it took effect, an odd one before. */
  readonly dieAt: number;
}

const { source, wish, dieAt } = JSON.parse(process.argv[2] ?? '{}') as Order; // written by the test that starts this process

/** The buckets of an order, with their addresses made addresses again. */
function revived<T extends Pick<StorePlace, 'bucket'>>(place: T): T {
  const { bucket } = place;
  return bucket === undefined ? place : { ...place, bucket: { ...bucket, endpoint: bucket.endpoint === undefined ? undefined : new URL(bucket.endpoint) } };
}

const steps = new Set(['begin', 'jot', 'load', 'clear', 'finish', 'put', 'drop']);
let step = 0;

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Counts the steps of a port that write. */
function mortal<T extends object>(port: T): T {
  return new Proxy(port, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name);
      if (typeof own !== 'function') return own;
      if (!steps.has(String(name))) return own.bind(target) as unknown; // bound: private state stays the port's
      return async (...given: readonly unknown[]): Promise<unknown> => {
        const isLast = ++step === dieAt;
        if (isLast && dieAt % 2 === 1) die();
        const result = (await own.apply(target, given)) as unknown; // whatever the port answers
        if (isLast) die();
        return result;
      };
    },
  });
}

const places = placesOf(revived(source), { ...wish, named: revived(wish.named) });
const move = await openMove(places);
const { data, ends } = move;
const { index, packs } = ends.target;
const target = { index: mortal(index), packs: packs === undefined ? undefined : mortal(packs) };
const answer = await moveStore({ ...ends, target }, { storeId: data.storeId, route: places.route, moveId: '1'.repeat(32), stop: { aborted: false }, onProgress: () => undefined });
await move.close();
process.stdout.write(JSON.stringify(answer));
process.exitCode = answer.outcome === 'moved' ? 0 : 1;
