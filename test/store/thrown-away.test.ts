import { expect, test } from 'vitest';
import { ThrownAway } from '../../src/store/thrown-away.ts';

test('beyond a thousand, all that was kept until then is thrown away, and nothing later', () => {
  const thrownAway = new ThrownAway();
  const keys = Array.from({ length: 1_000 }, (_, at) => ({ key: `key ${at}` }));
  thrownAway.note(keys, 1);
  expect(thrownAway.batch().keys.size).toBe(1_000);
  thrownAway.note([{ key: 'one more' }], 2);
  expect(thrownAway.batch()).toEqual({
    purges: [{ token: '', purge: { storedUpTo: 2 } }],
    answers: new Set(),
    keys: new Map(),
  });
});
