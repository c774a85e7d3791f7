/**
 * Single steps in the lives of flights, one property each.
 */
import { describe, expect, test } from 'vitest';
import { Dice } from '../request/random.ts';
import type { Asker, Topic } from './asker.ts';
import type { Call } from './call.ts';
import { PLAIN, REFRESH } from './events.ts';
import { BOUNDLESS, type Setting, Surroundings } from './harness.ts';
import { World } from './model.ts';

const SEED = 43;

function createWorld(setting: Partial<Setting> = {}): World {
  return new World(
    new Surroundings({ onAbandon: 'abort', maxEntryBytes: 10_000, limits: BOUNDLESS, ...setting }),
    '0',
    new Dice(SEED),
  );
}

function ask(world: World, topic: Topic, leading: 'by hand' | 'says all' = 'by hand', permission = PLAIN): Asker {
  return world.ask(topic, { permission, pace: 'eager', leading });
}

/** Tells every lookup what is there, or was when it was asked. */
async function tellAll(world: World, told: 'now' | 'then' = 'now'): Promise<void> {
  for (const lookup of world.surroundings.store.lookups) world.tell(lookup, told);
  await world.rest();
}

/** An answer to this is kept, and cannot be had at once. */
function keep(world: World, topic: Topic): Call {
  world.surroundings.store.isNear = false;
  ask(world, topic, 'says all', REFRESH);
  return world.calls.at(-1) as Call;
}

async function findingOf(world: World): Promise<string | null> {
  await world.end();
  return world.rules.findings.first;
}

describe('a place among the listeners', () => {
  test('is given up by a request that its store has an answer for, after it had to look', async () => {
    const world = createWorld();
    const topic = world.topic('a', 'chat', false);
    keep(world, topic);
    const asked = [ask(world, topic), ask(world, topic)];
    await tellAll(world);
    expect(asked.map(({ result }) => result?.outcome.word)).toEqual(['hit', 'hit']);
    expect(world.surroundings.load.listeners).toBe(0);
  });

  test('that was given is enough to lead, also when it was the last', async () => {
    const world = createWorld({ limits: { flights: 1, listeners: 2, bytes: Infinity } });
    const topic = world.topic('a', 'chat', false);
    const asked = [ask(world, topic), ask(world, topic)];
    await tellAll(world);
    expect(await findingOf(world)).toBeNull();
    expect(asked.map(({ state }) => state)).toEqual(['complete', 'complete']);
  });
});

describe('bytes counted', () => {
  test('are given back once when an answer that is finished for nobody turns out too large', async () => {
    const world = createWorld({ onAbandon: 'finish', maxEntryBytes: 10 });
    const asker = ask(world, world.topic('a', 'chat', false), 'by hand', REFRESH);
    const [call] = world.calls as [Call];
    world.begin(call, 'right');
    world.leave(asker);
    world.say(call);
    expect([call.isAborted, world.surroundings.load.held]).toEqual([true, 0]);
  });

  test('are given back when the one leaves who had still to hear them', async () => {
    const world = createWorld({ maxEntryBytes: 10 });
    const topic = world.topic('a', 'chat', false);
    const asked = (['eager', 'lazy'] as const).map((pace) =>
      world.ask(topic, { permission: PLAIN, pace, leading: 'by hand' }),
    );
    await tellAll(world);
    const [call] = world.calls as [Call];
    world.begin(call, 'right');
    world.say(call);
    expect(world.surroundings.load.held).toBe(call.bytes);
    world.leave(asked[1] as Asker);
    expect(world.surroundings.load.held).toBe(0);
    expect(await findingOf(world)).toBeNull();
  });
});

describe('an answer that its upstream forbids to store', () => {
  test('is played to nobody but who leads, and the others do not wait for one another', async () => {
    const world = createWorld();
    const topic = world.topic('a', 'chat', false);
    const asked = [ask(world, topic), ask(world, topic), ask(world, topic)];
    await tellAll(world);
    world.begin(world.calls[0] as Call, 'no-store');
    await world.rest();
    asked.push(ask(world, topic));
    await tellAll(world);
    expect(world.flying).toHaveLength(4);
    expect(await findingOf(world)).toBeNull();
    expect(asked.map(({ result }) => result?.outcome.word)).toEqual(['miss', 'miss', 'miss', 'miss']);
  });
});

describe('a key whose answer could not be kept', () => {
  test('is waited for again once one was', async () => {
    const world = createWorld();
    const topic = world.topic('a', 'json', false);
    const askTwo = async () => {
      const asked = [ask(world, topic), ask(world, topic)];
      await tellAll(world);
      for (const call of world.flying) world.begin(call, 'spoilt');
      await world.end();
      return asked.map(({ result }) => result?.outcome.word);
    };
    expect(await askTwo()).toEqual(['miss', 'follow']);
    expect(await askTwo()).toEqual(['miss', 'miss']);
    keep(world, topic);
    world.evict(topic, true);
    expect(await askTwo()).toEqual(['miss', 'follow']);
    expect(await findingOf(world)).toBeNull();
  });
});

describe('a call', () => {
  test('whose lead throws is over, and whoever waits is told', async () => {
    const world = createWorld();
    const topic = world.topic('a', 'chat', false);
    const asked = [world.ask(topic, { permission: PLAIN, pace: 'eager', leading: 'throws' }), ask(world, topic)];
    await tellAll(world);
    expect(asked.map(({ state }) => state)).toEqual(['cut', 'cut']);
    ask(world, topic, 'says all');
    await tellAll(world);
    expect(await findingOf(world)).toBeNull();
  });

  test('whose last listener leaves on hearing the terminal event is kept', async () => {
    const world = createWorld();
    const topic = world.topic('a', 'chat', false);
    const asker = world.ask(topic, { permission: REFRESH, pace: 'lazy', leading: 'by hand' });
    const [call] = world.calls as [Call];
    world.begin(call, 'right');
    world.say(call);
    asker.listener.player = { changed: () => asker.leave() };
    world.say(call);
    expect(call.isAborted).toBe(false);
    expect(await findingOf(world)).toBeNull();
    expect(world.rules.kept.has(call.number)).toBe(true);
  });

  test('that nobody listens to is ended when its key is purged, since it would not be kept', async () => {
    const world = createWorld({ onAbandon: 'finish' });
    const topic = world.topic('a', 'chat', false);
    const asker = ask(world, topic, 'by hand', REFRESH);
    world.leave(asker);
    expect(world.flying).toHaveLength(1);
    world.purge(topic);
    expect(world.flying).toHaveLength(0);
  });

  test('that has been given up sets no timer, whatever it goes on to say', async () => {
    const world = createWorld();
    const asker = ask(world, world.topic('a', 'chat', false), 'by hand', REFRESH);
    const [call] = world.calls as [Call];
    world.begin(call, 'right');
    world.leave(asker);
    world.babble(call);
    expect(world.surroundings.remains()).toEqual([]);
  });
});

describe('a deleted answer', () => {
  test('is not served by a lookup that found it before', async () => {
    const world = createWorld();
    const topic = world.topic('a', 'json', false);
    const call = keep(world, topic);
    ask(world, topic);
    world.forget(call);
    const late = ask(world, topic, 'says all');
    await tellAll(world, 'then');
    expect(await findingOf(world)).toBeNull();
    expect(late.result?.outcome.word).toBe('follow');
  });
});

describe('a store that breaks its contract', () => {
  test.each(['get', 'set', 'headers'])('in %s costs a call and no answer', async (failing) => {
    const world = createWorld();
    const topic = world.topic('a', 'chat', false);
    world.rules.isFaulty = true;
    world.onCall = (name) => {
      if (name === failing) throw new Error(`${name} throws`);
    };
    const asked = [ask(world, topic), ask(world, topic)];
    await tellAll(world);
    expect(await findingOf(world)).toBeNull();
    expect(asked.map(({ state }) => state)).toEqual(['complete', 'complete']);
    expect(world.calls).toHaveLength(1);
  });

  test('in delete does not keep a purge from fencing what is on its way', async () => {
    const world = createWorld();
    const topic = world.topic('a', 'chat', false);
    world.onCall = (name) => {
      if (name === 'delete') throw new Error('delete throws');
    };
    ask(world, topic);
    world.purge(topic);
    await tellAll(world);
    expect(await findingOf(world)).toBeNull();
    expect(world.rules.kept.size).toBe(0);
  });
});
