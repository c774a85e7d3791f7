import { afterAll, describe, expect, test } from 'vitest';
import { ask, DEEDS, type Deed, ONLY_IF_CACHED, REFRESH } from './events.ts';
import { everywhere, FIRSTS, MANNERS, PLAINLY } from './cases.ts';
import { type Doing, Lives, POINTS } from './lifecycle.ts';
import { unhandled } from './unhandled-rejections.ts';

const lives = new Lives();
const none = unhandled();
afterAll(() => expect(none()).toEqual([]));

describe('whatever happens to a flight at whichever point', () => {
  test('everybody is served once, and nothing remains', async () => {
    for (const circumstances of MANNERS) {
      for (const { doing, told } of everywhere()) {
        expect(await lives.findingOf(circumstances, [doing]), `${told}, ${JSON.stringify(circumstances)}`).toBeNull();
      }
    }
  });

  test('so it is however the call is led, and at whatever pace its first listener reads', async () => {
    for (const first of FIRSTS) {
      for (const { doing, told } of everywhere()) {
        expect(await lives.findingOf({ ...PLAINLY, first }, [doing]), `${told}, ${JSON.stringify(first)}`).toBeNull();
      }
    }
  });

  test('so it is when any call of what was handed in throws', async () => {
    for (const { doing, told } of everywhere()) {
      for (let nth = 1, called = Infinity; nth <= called; nth++) {
        called = 0;
        const found = await lives.findingOf({ ...PLAINLY, kind: 'events' }, [doing], (world) => {
          world.rules.isFaulty = true;
          world.onCall = (name) => {
            if (++called === nth) throw new Error(`${name} throws`);
          };
        });
        expect(found, `${told}, call ${nth} throws`).toBeNull();
      }
    }
  });
});

describe('a life without harm', () => {
  const asksEverywhere = (deed: Deed) => Array.from({ length: POINTS }, (_, point): Doing => ({ point, deed }));

  test('is one call and one answer, however many ask at every point of it', async () => {
    for (const circumstances of MANNERS) {
      const { askers, calls, rules } = await lives.live(circumstances, [
        ...asksEverywhere(ask),
        ...asksEverywhere(ask),
      ]);
      expect([rules.findings.first, calls.length], JSON.stringify(circumstances)).toEqual([null, 1]);
      expect(new Set(askers.map(({ state }) => state))).toEqual(new Set(['complete']));
      expect(new Set(askers.map(({ played }) => Buffer.concat(played).toString())).size).toBe(1);
    }
  });

  test('is one call for each refresh besides', async () => {
    const { calls } = await lives.live(PLAINLY, [
      ...asksEverywhere(ask),
      ...asksEverywhere((stage) => ask(stage, REFRESH)),
    ]);
    expect(calls).toHaveLength(1 + POINTS);
  });

  test('is nothing to a request that may not ask, until it is kept', async () => {
    const { askers, calls } = await lives.live(
      PLAINLY,
      asksEverywhere((stage) => {
        ask(stage, ONLY_IF_CACHED);
        [...stage.world.surroundings.store.lookups].slice(-1).forEach((lookup) => stage.world.tell(lookup, 'now'));
      }),
    );
    const words = askers
      .filter(({ manner }) => manner.permission === ONLY_IF_CACHED)
      .map(({ result }) => result?.outcome.word ?? 'refused');
    expect(calls).toHaveLength(1);
    expect(words).toEqual([...Array(POINTS - 2).fill('refused'), 'hit', 'hit']);
  });
});

describe('a store that never answers', () => {
  test('holds up who waits for it under that key, until a refresh brings an answer; what it says in the end is heard', async () => {
    let waiting: string[] = [];
    const { askers, calls, rules } = await lives.live(PLAINLY, [
      { point: 0, deed: DEEDS['the store goes mute'] as Deed },
      { point: 3, deed: (stage) => ask(stage, REFRESH, 'says all') },
      {
        point: 4,
        deed: ({ world }) =>
          void world.ask(world.topic('b', 'json', false), { permission: REFRESH, pace: 'eager', leading: 'says all' }),
      },
      { point: POINTS - 1, deed: ({ world }) => (waiting = world.askers.map(({ state }) => state)) },
    ]);
    expect(waiting).toEqual(['asking', 'asking', 'asking', 'complete', 'complete', 'complete']);
    expect(askers.map(({ state, result }) => `${state} ${result?.outcome.word}`)).toEqual([
      'complete hit',
      'complete hit',
      'complete hit',
      'complete miss',
      'complete miss',
      'complete hit',
    ]);
    expect([rules.findings.first, calls.length]).toEqual([null, 2]);
  });
});
