import { expect, test } from 'vitest';
import { Random } from '../request/random.ts';
import { PLAIN, REFRESH } from './events.ts';
import { BOUNDLESS, Harness } from './harness.ts';
import { Model } from './model.ts';

test('a store that fails to say what it lacks is asked for it', async () => {
  const harness = new Harness({ onAbandon: 'abort', maxEntryBytes: 10_000, limits: BOUNDLESS });
  const model = new Model(harness, '0', new Random(1));
  const topic = model.topic('a', 'chat', false);
  harness.store.isNear = false;
  model.ask(topic, { permission: REFRESH, pace: 'eager', leading: 'says all' });
  model.invariants.isFaulty = true;
  model.onCall = (name) => {
    if (name === 'surelyAbsent') throw new Error('surelyAbsent throws');
  };
  const asker = model.ask(topic, { permission: PLAIN, pace: 'eager', leading: 'by hand' });
  expect(harness.store.lookups.size).toBe(1);
  await model.end();
  expect([model.calls.length, asker.result?.outcome.word]).toEqual([1, 'hit']);
});
