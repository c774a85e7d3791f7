import { describe, expect, test } from 'vitest';
import { firstWrong } from '../fleet-model/purge-schedule.ts';

describe('whatever fails, and in whichever order, the longer', () => {
  test('nothing that was purged is served', async () => {
    expect(await firstWrong(20_000)).toBeNull();
  });

  test('the model notices where a mark counts in a log that went on otherwise', async () => {
    expect(await firstWrong(20_000, 'any-record')).not.toBeNull();
  });
});
