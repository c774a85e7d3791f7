import { describe, expect, test } from 'vitest';
import { firstWrong } from './purge-schedule.ts';

describe('whatever fails, and in whichever order', () => {
  test('nothing that was purged is served', async () => {
    expect(await firstWrong(300)).toBeNull();
  });

  for (const flaw of ['no-judge', 'no-heed', 'no-fence', 'no-backlog', 'forgets-own'] as const) {
    test(`the model notices: ${flaw}`, async () => {
      expect(await firstWrong(300, flaw)).not.toBeNull();
    });
  }
});
