import { expect, test } from 'vitest';
import { DeletedResponses } from '../../src/cache/deleted-responses.ts';
import { StoredAnswers } from '../../src/cache/stored.ts';
import { variantKey } from '../../src/cache/variants.ts';
import { createLog } from '../../src/log.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createTiers } from '../../src/store/tiers.ts';
import { createTestClock } from '../harness/clock.ts';
import { entryOf } from '../store/entries.ts';

const PERMISSION = {
  read: true,
  maxAge: Infinity,
  maxStale: 0,
  revalidates: false,
  staleIfError: 0,
  forms: 'exact',
} as never;

test('a variant is compared by all digits of what was sent, not by those alone that its key has', () => {
  const memory = createMemoryStore({ maxBytes: 1e6 });
  const clock = createTestClock();
  const store = createTiers({ stores: [memory], catalogue: memory, clock });
  const deletedResponses = new DeletedResponses();
  const stored = new StoredAnswers({ store, clock, log: createLog('silent'), deletedResponses });
  const [one, other, alike] = ['1'.repeat(64), '2'.repeat(64), `${'2'.repeat(16)}${'3'.repeat(48)}`] as const;
  const put = (key: string, digest: string) =>
    memory.set(key, { ...entryOf(digest), expiresAt: Infinity, variant: { by: ['x-a'], digest } });
  put('key', one);
  put(variantKey('key', other), other);
  const found = (digest: string) =>
    stored.hit('key', PERMISSION, { isKeyed: () => false, digestOf: () => digest })?.entry?.body.toString();
  expect([one, other, alike].map(found)).toEqual([one, other, undefined]);
});
