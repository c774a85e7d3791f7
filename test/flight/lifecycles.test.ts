import { afterAll, describe, expect, test } from 'vitest';
import { ask, EVENTS, type FlightEvent, ONLY_IF_CACHED, REFRESH } from './events.ts';
import { everywhere, FIRSTS, MANNERS, PLAINLY } from './cases.ts';
import { type Doing, Lifecycles, POINTS } from './lifecycle.ts';
import { unhandledRejections } from './unhandled-rejections.ts';

const lifecycles = new Lifecycles();
const none = unhandledRejections();
afterAll(() => expect(none()).toEqual([]));

describe('whatever happens to a flight at whichever point', () => {
  test('everybody is served once, and nothing remains', async () => {
    for (const circumstances of MANNERS) {
      for (const { doing, title } of everywhere()) {
        expect(
          await lifecycles.findingOf(circumstances, [doing]),
          `${title}, ${JSON.stringify(circumstances)}`,
        ).toBeNull();
      }
    }
  });

  test('so it is however the call is led, and at whatever pace its first listener reads', async () => {
    for (const first of FIRSTS) {
      for (const { doing, title } of everywhere()) {
        expect(
          await lifecycles.findingOf({ ...PLAINLY, first }, [doing]),
          `${title}, ${JSON.stringify(first)}`,
        ).toBeNull();
      }
    }
  });

  test('so it is when any call of what was handed in throws', async () => {
    for (const { doing, title } of everywhere()) {
      for (let nth = 1, called = Infinity; nth <= called; nth++) {
        called = 0;
        const found = await lifecycles.findingOf({ ...PLAINLY, kind: 'events' }, [doing], (model) => {
          model.invariants.isFaulty = true;
          model.onCall = (name) => {
            if (++called === nth) throw new Error(`${name} throws`);
          };
        });
        expect(found, `${title}, call ${nth} throws`).toBeNull();
      }
    }
  });
});

describe('a life without harm', () => {
  const asksEverywhere = (event: FlightEvent) =>
    Array.from({ length: POINTS }, (_, point): Doing => ({ point, event }));

  test('is one call and one answer, however many ask at every point of it', async () => {
    for (const circumstances of MANNERS) {
      const { askers, calls, invariants } = await lifecycles.run(circumstances, [
        ...asksEverywhere(ask),
        ...asksEverywhere(ask),
      ]);
      expect([invariants.findings.first, calls.length], JSON.stringify(circumstances)).toEqual([null, 1]);
      expect(new Set(askers.map(({ state }) => state))).toEqual(new Set(['complete']));
      expect(new Set(askers.map(({ played }) => Buffer.concat(played).toString())).size).toBe(1);
    }
  });

  test('is one call for each refresh besides', async () => {
    const { calls } = await lifecycles.run(PLAINLY, [
      ...asksEverywhere(ask),
      ...asksEverywhere((context) => ask(context, REFRESH)),
    ]);
    expect(calls).toHaveLength(1 + POINTS);
  });

  test('is nothing to a request that may not ask, until it is kept', async () => {
    const { askers, calls } = await lifecycles.run(
      PLAINLY,
      asksEverywhere((context) => {
        ask(context, ONLY_IF_CACHED);
        [...context.model.harness.store.lookups].slice(-1).forEach((lookup) => context.model.settle(lookup, 'now'));
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
  test('holds up the requests for that key until a refresh brings an answer; its late answer counts', async () => {
    let waiting: string[] = [];
    const { askers, calls, invariants } = await lifecycles.run(PLAINLY, [
      { point: 0, event: EVENTS['the store goes mute'] as FlightEvent },
      { point: 3, event: (context) => ask(context, REFRESH, 'says all') },
      {
        point: 4,
        event: ({ model }) =>
          void model.ask(model.topic('b', 'json', false), { permission: REFRESH, pace: 'eager', leading: 'says all' }),
      },
      { point: POINTS - 1, event: ({ model }) => (waiting = model.askers.map(({ state }) => state)) },
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
    expect([invariants.findings.first, calls.length]).toEqual([null, 2]);
  });
});
