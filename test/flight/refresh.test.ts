/**
 * Refreshes: flights that go on without a reader.
 */
import { describe, expect, test } from 'vitest';
import { Random } from '../request/random.ts';
import { callOf } from './answers.ts';
import type { Call } from './call.ts';
import { PLAIN, REFRESH, REVALIDATES, STALE_IF_ERROR } from './events.ts';
import { BOUNDLESS, Harness, type Setting, TTL } from './harness.ts';
import { Model } from './model.ts';

interface Stale {
  readonly model: Model;
  /** Asks with a permission that has the stale refreshed, unless another is given. @returns the word of its outcome */
  readonly ask: (permission?: typeof PLAIN) => Promise<string | undefined>;
  readonly purge: () => void;
}

/** A model in which an answer has just expired that only a slow store has. */
async function createStale(setting: Partial<Setting> = {}): Promise<Stale> {
  const model = new Model(
    new Harness({ onAbandon: 'abort', maxEntryBytes: 10_000, limits: BOUNDLESS, ...setting }),
    '0',
    new Random(43),
  );
  const topic = model.topic('a', 'chat', false);
  model.harness.store.isNear = false;
  model.ask(topic, { permission: REFRESH, pace: 'eager', leading: 'says all' });
  await model.end();
  model.turn(TTL * 1000);
  return {
    model,
    purge: () => model.purge(topic),
    async ask(permission = REVALIDATES) {
      const asker = model.ask(topic, { permission, pace: 'eager', leading: 'by hand' });
      for (const lookup of model.harness.store.lookups) model.settle(lookup, 'now');
      await model.rest();
      return asker.result?.outcome.word;
    },
  };
}

const end = async (model: Model) => {
  await model.end();
  expect(model.invariants.findings.first).toBeNull();
};

describe('a refresh', () => {
  test('is one call for each key, and everybody has the stale answer meanwhile, without asking the store', async () => {
    const { model, ask } = await createStale();
    expect([await ask(), await ask(), await ask()]).toEqual(['hit', 'hit', 'hit']);
    expect([model.flying.length, model.harness.cache.flights, model.harness.admission.listeners]).toEqual([1, 1, 0]);
    expect(model.harness.store.gets).toBe(1);
    await end(model);
    expect(model.harness.detached).toBe(1);
    expect([await ask(PLAIN), model.flying.length]).toEqual(['hit', 0]);
  });

  test('is followed by a request that takes nothing stale, and goes on when that leaves', async () => {
    const { model, ask } = await createStale();
    await ask();
    model.begin(model.flying[0] as Call, 'right');
    expect(await ask(PLAIN)).toBe('follow');
    model.leave(model.askers.at(-1)!);
    expect(model.flying).toHaveLength(1);
    await end(model);
    expect(await ask(PLAIN)).toBe('hit');
  });

  test('is shed where too many calls are under way; the stale answer is served all the same', async () => {
    const { model, ask } = await createStale({ limits: { ...BOUNDLESS, flights: 1 } });
    model.ask(model.topic('b', 'chat', false), { permission: REFRESH, pace: 'eager', leading: 'by hand' });
    expect([await ask(), await ask(), model.flying.length]).toEqual(['hit', 'hit', 1]);
    await end(model);
    expect(model.harness.detached).toBe(0);
  });

  test('that fails renews nothing, and the next request has another made', async () => {
    const { model, ask } = await createStale();
    await ask();
    model.begin(model.calls.at(-1) as Call, 'failing');
    expect(model.flying).toHaveLength(0);
    expect([await ask(), model.flying.length]).toEqual(['hit', 1]);
    await end(model);
  });

  test('keeps nobody from an answer that another request has fetched meanwhile', async () => {
    const { model, ask } = await createStale();
    await ask();
    await ask(REFRESH);
    const call = model.calls.at(-1) as Call;
    model.begin(call, 'right');
    while (call.maySay) model.say(call);
    model.finish(call);
    expect(await ask(PLAIN)).toBe('hit');
    expect(callOf(model.askers.at(-1)!.listener.head!)).toBe(call.number);
    await end(model);
  });

  test('is ended by a purge, and what it was to replace is served to nobody', async () => {
    const { model, ask, purge } = await createStale();
    await ask();
    purge();
    expect(model.flying).toHaveLength(0);
    expect(await ask()).toBe('miss');
    await end(model);
  });

  test('is not made again for a while where its answer could not be kept', async () => {
    const { model, ask } = await createStale();
    await ask();
    model.begin(model.calls.at(-1) as Call, 'no-store');
    expect([await ask(), model.flying.length]).toEqual(['hit', 0]);
    await end(model);
  });
});

describe('a call that fails where an answer has expired', () => {
  test.each(['failing', 'personal'] as const)('and says %s', async (turn) => {
    const { model, ask } = await createStale();
    expect(await ask(STALE_IF_ERROR)).toBeUndefined();
    expect(await ask(STALE_IF_ERROR)).toBeUndefined();
    expect(model.flying).toHaveLength(1);
    model.begin(model.flying[0] as Call, turn);
    await end(model);
    const words = model.askers.slice(1).map(({ result }) => result?.outcome.word);
    expect(words).toEqual(turn === 'failing' ? ['hit', 'hit'] : ['miss', 'follow']);
  });
});
