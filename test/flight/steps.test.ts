/**
 * Single steps of flights, one property each.
 */
import { describe, expect, test } from 'vitest';
import { Random } from '../request/random.ts';
import type { Asker, Topic } from './asker.ts';
import type { Call } from './call.ts';
import { PLAIN, REFRESH } from './events.ts';
import { BOUNDLESS, type Setting, Harness } from './harness.ts';
import { Model } from './model.ts';

const SEED = 43;

function createModel(setting: Partial<Setting> = {}): Model {
  return new Model(
    new Harness({ onAbandon: 'abort', maxEntryBytes: 10_000, limits: BOUNDLESS, ...setting }),
    '0',
    new Random(SEED),
  );
}

function ask(model: Model, topic: Topic, leading: 'by hand' | 'says all' = 'by hand', permission = PLAIN): Asker {
  return model.ask(topic, { permission, pace: 'eager', leading });
}

/** Settles every lookup with what is there, or was when it was asked. */
async function settleAll(model: Model, result: 'now' | 'then' = 'now'): Promise<void> {
  for (const lookup of model.harness.store.lookups) model.settle(lookup, result);
  await model.rest();
}

/** An answer to this is kept, and cannot be had at once. */
function keep(model: Model, topic: Topic): Call {
  model.harness.store.isNear = false;
  ask(model, topic, 'says all', REFRESH);
  return model.calls.at(-1) as Call;
}

async function findingOf(model: Model): Promise<string | null> {
  await model.end();
  return model.invariants.findings.first;
}

describe('a place among the listeners', () => {
  test('is given up by a request that its store has an answer for, after it had to look', async () => {
    const model = createModel();
    const topic = model.topic('a', 'chat', false);
    keep(model, topic);
    const asked = [ask(model, topic), ask(model, topic)];
    await settleAll(model);
    expect(asked.map(({ result }) => result?.outcome.word)).toEqual(['hit', 'hit']);
    expect(model.harness.admission.listeners).toBe(0);
  });

  test('that was given is enough to lead, also when it was the last', async () => {
    const model = createModel({ limits: { flights: 1, listeners: 2, bytes: Infinity } });
    const topic = model.topic('a', 'chat', false);
    const asked = [ask(model, topic), ask(model, topic)];
    await settleAll(model);
    expect(await findingOf(model)).toBeNull();
    expect(asked.map(({ state }) => state)).toEqual(['complete', 'complete']);
  });
});

describe('bytes counted', () => {
  test('are given back once when an answer that is finished for nobody turns out too large', async () => {
    const model = createModel({ onAbandon: 'finish', maxEntryBytes: 10 });
    const asker = ask(model, model.topic('a', 'chat', false), 'by hand', REFRESH);
    const [call] = model.calls as [Call];
    model.begin(call, 'right');
    model.leave(asker);
    model.say(call);
    expect([call.isAborted, model.harness.admission.held]).toEqual([true, 0]);
  });

  test('are given back when the one leaves who had still to hear them', async () => {
    const model = createModel({ maxEntryBytes: 10 });
    const topic = model.topic('a', 'chat', false);
    const asked = (['eager', 'lazy'] as const).map((pace) =>
      model.ask(topic, { permission: PLAIN, pace, leading: 'by hand' }),
    );
    await settleAll(model);
    const [call] = model.calls as [Call];
    model.begin(call, 'right');
    model.say(call);
    expect(model.harness.admission.held).toBe(call.bytes);
    model.leave(asked[1] as Asker);
    expect(model.harness.admission.held).toBe(0);
    expect(await findingOf(model)).toBeNull();
  });
});

describe('an answer that its upstream forbids to store', () => {
  test('is played to nobody but who leads, and the others do not wait for one another', async () => {
    const model = createModel();
    const topic = model.topic('a', 'chat', false);
    const asked = [ask(model, topic), ask(model, topic), ask(model, topic)];
    await settleAll(model);
    model.begin(model.calls[0] as Call, 'no-store');
    await model.rest();
    asked.push(ask(model, topic));
    await settleAll(model);
    expect(model.flying).toHaveLength(4);
    expect(await findingOf(model)).toBeNull();
    expect(asked.map(({ result }) => result?.outcome.word)).toEqual(['miss', 'miss', 'miss', 'miss']);
  });
});

describe('a key whose answer could not be kept', () => {
  test('is waited for again once one was', async () => {
    const model = createModel();
    const topic = model.topic('a', 'json', false);
    const askTwo = async () => {
      const asked = [ask(model, topic), ask(model, topic)];
      await settleAll(model);
      for (const call of model.flying) model.begin(call, 'spoilt');
      await model.end();
      return asked.map(({ result }) => result?.outcome.word);
    };
    expect(await askTwo()).toEqual(['miss', 'follow']);
    expect(await askTwo()).toEqual(['miss', 'miss']);
    keep(model, topic);
    model.evict(topic, true);
    expect(await askTwo()).toEqual(['miss', 'follow']);
    expect(await findingOf(model)).toBeNull();
  });
});

describe('a call', () => {
  test('whose lead throws is over, and whoever waits is told', async () => {
    const model = createModel();
    const topic = model.topic('a', 'chat', false);
    const asked = [model.ask(topic, { permission: PLAIN, pace: 'eager', leading: 'throws' }), ask(model, topic)];
    await settleAll(model);
    expect(asked.map(({ state }) => state)).toEqual(['cut', 'cut']);
    ask(model, topic, 'says all');
    await settleAll(model);
    expect(await findingOf(model)).toBeNull();
  });

  test('whose last reader leaves on reading the terminal event is kept', async () => {
    const model = createModel();
    const topic = model.topic('a', 'chat', false);
    const asker = model.ask(topic, { permission: REFRESH, pace: 'lazy', leading: 'by hand' });
    const [call] = model.calls as [Call];
    model.begin(call, 'right');
    model.say(call);
    asker.listener.player = { changed: () => asker.leave() };
    model.say(call);
    expect(call.isAborted).toBe(false);
    expect(await findingOf(model)).toBeNull();
    expect(model.invariants.kept.has(call.number)).toBe(true);
  });

  test('that nobody listens to is ended when its key is purged, since it would not be kept', async () => {
    const model = createModel({ onAbandon: 'finish' });
    const topic = model.topic('a', 'chat', false);
    const asker = ask(model, topic, 'by hand', REFRESH);
    model.leave(asker);
    expect(model.flying).toHaveLength(1);
    model.purge(topic);
    expect(model.flying).toHaveLength(0);
  });

  test('that has been given up sets no timer, whatever it goes on to say', async () => {
    const model = createModel();
    const asker = ask(model, model.topic('a', 'chat', false), 'by hand', REFRESH);
    const [call] = model.calls as [Call];
    model.begin(call, 'right');
    model.leave(asker);
    model.babble(call);
    expect(model.harness.remains()).toEqual([]);
  });
});

describe('a deleted answer', () => {
  test('is not served by a lookup that found it before', async () => {
    const model = createModel();
    const topic = model.topic('a', 'json', false);
    const call = keep(model, topic);
    ask(model, topic);
    model.forget(call);
    const late = ask(model, topic, 'says all');
    await settleAll(model, 'then');
    expect(await findingOf(model)).toBeNull();
    expect(late.result?.outcome.word).toBe('follow');
  });
});

describe('a store that breaks its contract', () => {
  test.each(['get', 'set', 'headers'])('in %s costs a call and no answer', async (failing) => {
    const model = createModel();
    const topic = model.topic('a', 'chat', false);
    model.invariants.isFaulty = true;
    model.onCall = (name) => {
      if (name === failing) throw new Error(`${name} throws`);
    };
    const asked = [ask(model, topic), ask(model, topic)];
    await settleAll(model);
    expect(await findingOf(model)).toBeNull();
    expect(asked.map(({ state }) => state)).toEqual(['complete', 'complete']);
    expect(model.calls).toHaveLength(1);
  });

  test('in delete does not keep a purge from fencing what is on its way', async () => {
    const model = createModel();
    const topic = model.topic('a', 'chat', false);
    model.onCall = (name) => {
      if (name === 'delete') throw new Error('delete throws');
    };
    ask(model, topic);
    model.purge(topic);
    await settleAll(model);
    expect(await findingOf(model)).toBeNull();
    expect(model.invariants.kept.size).toBe(0);
  });
});
