import { expect, test } from 'vitest';
import { Dice } from '../request/random.ts';
import { PLAIN, REFRESH } from './events.ts';
import { BOUNDLESS, Surroundings } from './harness.ts';
import { World } from './model.ts';

test('a store that fails to say what it lacks is asked for it', async () => {
  const surroundings = new Surroundings({ onAbandon: 'abort', maxEntryBytes: 10_000, limits: BOUNDLESS });
  const world = new World(surroundings, '0', new Dice(1));
  const topic = world.topic('a', 'chat', false);
  surroundings.store.isNear = false;
  world.ask(topic, { permission: REFRESH, pace: 'eager', leading: 'says all' });
  world.rules.isFaulty = true;
  world.onCall = (name) => {
    if (name === 'lacks') throw new Error('lacks throws');
  };
  const asker = world.ask(topic, { permission: PLAIN, pace: 'eager', leading: 'by hand' });
  expect(surroundings.store.lookups.size).toBe(1);
  await world.end();
  expect([world.calls.length, asker.result?.outcome.word]).toEqual([1, 'hit']);
});
