import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/response/entry.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory.ts';
import type { DerivedEntry } from '../../src/store/store.ts';
import { BOOKKEEPING_BYTES, weigh } from '../../src/store/weight.ts';
import { entryOf, textOf } from './entries.ts';

/** The same store, written as plainly as can be: a list, the most recently used first. */
function createModel(maxBytes: number) {
  let held: [key: string, entry: Entry][] = [];
  const bytes = () => held.reduce((sum, [key, entry]) => sum + weigh(key, entry), 0);
  const without = (key: string) => held.filter(([other]) => other !== key);
  return {
    bytes,
    keys: () => held.map(([key]) => key),
    get(key: string) {
      const found = held.find(([other]) => other === key);
      if (found !== undefined) held = [found, ...without(key)];
      return found?.[1];
    },
    set(key: string, entry: Entry) {
      held = without(key);
      if (weigh(key, entry) > maxBytes) return;
      held = [[key, entry], ...held];
      while (bytes() > maxBytes) held.pop();
    },
    delete: (key: string) => void (held = without(key)),
    deleteAnswer: (answerId: string) => void (held = held.filter(([, entry]) => entry.answerId !== answerId)),
  };
}

const MAX_BYTES = 12_000;
const key = fc.nat({ max: 11 }).map((index) => `key ${index}`);
const answerId = fc.option(fc.nat({ max: 4 }).map((index) => `answer ${index}`));
const bodyBytes = fc.oneof(fc.nat({ max: 3_000 }), fc.integer({ min: MAX_BYTES - 1_500, max: MAX_BYTES + 500 }));

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('set' as const), key, answerId, bodyBytes }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('get' as const), key }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('deleteAnswer' as const), answerId: answerId.map(String) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('set the same again' as const), key }) },
);

test('takes what was made of an entry while it holds that very one, and over nothing newer', () => {
  const store = createMemoryStore({ maxBytes: 1e6 });
  const source = entryOf('source');
  const made = (text: string, storedAt: number) =>
    ({ ...entryOf(text), storedAt, derivation: { form: 'json', from: 'sse', key: 'source' } }) as DerivedEntry;
  const madeText = () => store.getSync('made')?.entry.body.toString();
  store.setDerived('made', made('of nothing', 1), source);
  expect(madeText()).toBeUndefined();
  store.set('source', source);
  store.setDerived('made', made('first', 1), source);
  store.setDerived('made', made('later', 2), source);
  store.setDerived('made', made('older', 1), source);
  expect(madeText()).toBe('later');
  store.set('source', entryOf('anew'));
  expect(madeText()).toBeUndefined();
  store.setDerived('made', made('of what was replaced', 3), source);
  expect(madeText()).toBeUndefined();
});

describe('the weight of a label and of parts', () => {
  const asked = {
    endpoint: 'chat',
    model: 'gpt-test',
    scope: 'shared:team',
    tags: ['nightly'],
    parts: { body: 'json:{}' },
  } as const;
  const weightOf = (more: object) => weigh('key', entryOf('text', { request: { ...asked, ...more } }));

  test('grows with each text that it holds: model, scope, tags, what was asked', () => {
    const long = 'x'.repeat(8_000);
    for (const more of [{ model: long }, { scope: long }, { tags: [long] }, { parts: { body: long } }]) {
      expect(weightOf(more) - weightOf({}), Object.keys(more)[0]).toBeGreaterThan(7_900);
    }
    expect(
      weightOf({ tags: Array.from({ length: 16 }, () => 'x'.repeat(64)) }) - weightOf({ tags: [] }),
    ).toBeGreaterThanOrEqual(16 * 64);
  });
});

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** Does a step to the store and to its model, which must find the same. */
function doBoth(store: MemoryStore, model: ReturnType<typeof createModel>, step: Step): void {
  const both = (act: (one: Pick<MemoryStore, 'set' | 'delete' | 'deleteAnswer'>) => void) =>
    [store, model].forEach(act);
  switch (step.act) {
    case 'set': {
      const entry = entryOf(textOf(1, step.bodyBytes), { answerId: step.answerId });
      return both((one) => one.set(step.key, entry));
    }
    case 'delete':
      return both((one) => one.delete(step.key));
    case 'deleteAnswer':
      return both((one) => one.deleteAnswer(step.answerId));
    case 'get':
      return expect(store.getSync(step.key)?.entry).toBe(model.get(step.key));
    case 'set the same again': {
      const entry = store.getSync(step.key)?.entry;
      expect(entry).toBe(model.get(step.key));
      if (entry !== undefined) store.set(step.key, entry);
    }
  }
}

describe('the memory store', () => {
  test('is a plain list of what was used last, after every operation', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), async (steps) => {
        const store = createMemoryStore({ maxBytes: MAX_BYTES });
        const model = createModel(MAX_BYTES);
        for (const step of steps) {
          doBoth(store, model, step);
          expect([...store.keys()]).toEqual(model.keys());
          const { entries, bytes } = await store.size();
          expect(entries).toBe(model.keys().length);
          expect(bytes).toBe(model.bytes());
          expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('holds the body it was given, uncopied', () => {
    const store = createMemoryStore({ maxBytes: MAX_BYTES });
    const entry = entryOf('text');
    store.set('key', entry);
    expect(store.getSync('key')).toMatchObject({ entry, tier: 'memory' });
    expect(store.getSync('key')?.entry.body).toBe(entry.body);
  });
});

test('the memory store tells of itself as functools.lru_cache does', () => {
  const store = createMemoryStore({ maxBytes: MAX_BYTES });
  const entry = entryOf('text');
  store.set('key', entry);
  for (const key of ['key', 'key', 'other']) store.getSync(key);
  expect(store.info()).toEqual({ hits: 2, misses: 1, maxsize: MAX_BYTES, currsize: weigh('key', entry), entries: 1 });
});

describe('the weight of an entry', () => {
  const light = entryOf('', { head: { status: 200, statusText: '', headers: [] } });
  const strings = (count: number) => 24 * count;

  test('is its body, its strings and the bookkeeping', () => {
    expect(weigh('', light)).toBe(BOOKKEEPING_BYTES + strings(2));
    expect(weigh('', { ...light, body: Buffer.alloc(1_000) })).toBe(BOOKKEEPING_BYTES + strings(2) + 1_000);
    expect(weigh('12345678', { ...light, answerId: '123456789' })).toBe(BOOKKEEPING_BYTES + strings(3) + 8 + 16);
  });

  test('counts two bytes for each character of a string that Latin-1 cannot hold', () => {
    const withHeader = (value: string) => weigh('', { ...light, head: { ...light.head, headers: ['', value] } });
    expect(withHeader('é'.repeat(80))).toBe(BOOKKEEPING_BYTES + strings(4) + 80);
    expect(withHeader(`${'e'.repeat(79)}鍵`)).toBe(BOOKKEEPING_BYTES + strings(4) + 160);
  });
});
