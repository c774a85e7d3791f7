/**
 * As many schedules as asked for. Declares a test.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { play, type Seeds } from './play.ts';

/** The player of schedules of one kind, in this thread and in a thread of its own. */
export interface Play {
  play(seeds: Seeds): Promise<string | null>;
  readonly player: URL;
}

const FLIGHTS: Play = { play, player: new URL('./player.ts', import.meta.url) };

/** Set to a seed that a failure named, to have that schedule alone. */
const { FLIGHT_SEED: SEED } = process.env;

/** @param lanes how many threads share them; 1 is this thread */
export function holdInAnyOrder(seeds: Seeds, lanes = 1, of = FLIGHTS): void {
  const alone = SEED === undefined ? null : { first: Number(SEED), count: 1 };
  const { first, count } = alone ?? seeds;
  test(`${count} schedules from seed ${first} on`, async () => {
    if (alone || lanes === 1) return expect(await of.play({ first, count })).toBeNull();
    const share = Math.ceil(count / lanes);
    const shares = Array.from({ length: lanes }, (_, lane) =>
      playApart(of.player, { first: first + lane * share, count: share }),
    );
    expect(await Promise.all(shares)).toEqual(shares.map(() => null));
  });
}

/** In a thread of its own. */
async function playApart(player: URL, seeds: Seeds): Promise<unknown> {
  const [found] = await once(new Worker(player, { workerData: seeds }), 'message');
  return found;
}
