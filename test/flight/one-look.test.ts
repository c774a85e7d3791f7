import { expect, test } from 'vitest';
import { Random } from '../request/random.ts';
import { PLAIN, REFRESH } from './events.ts';
import { BOUNDLESS, Harness } from './harness.ts';
import { Model } from './model.ts';

test.each([
  [
    'where there is more, only what was not asked is',
    { isNear: false, isSure: false },
    ['getSync', 'getSlow', 'get', 'use'],
  ],
  ['where there is no more, no other is', { isNear: true, isSure: true }, ['getSync']],
])('a miss looks once for what can be had at once: %s', async (_, store, calls) => {
  const harness = new Harness({ onAbandon: 'abort', maxEntryBytes: 10_000, limits: BOUNDLESS });
  const model = new Model(harness, '0', new Random(1));
  Object.assign(harness.store, store);
  if (!store.isNear)
    model.ask(model.topic('a', 'chat', false), { permission: REFRESH, pace: 'eager', leading: 'says all' });
  const called: string[] = [];
  model.onCall = (name) => void called.push(name);
  const topic = store.isNear ? model.topic('b', 'chat', false) : model.topic('a', 'chat', false);
  const asker = model.ask(topic, { permission: PLAIN, pace: 'eager', leading: 'by hand' });
  expect(harness.store.lookups.size).toBe(store.isNear ? 0 : 1);
  await model.end();
  expect(called.filter((name) => /^(get|use)/.test(name))).toEqual(calls);
  expect(asker.result?.outcome.word).toBe(store.isNear ? 'miss' : 'hit');
});
