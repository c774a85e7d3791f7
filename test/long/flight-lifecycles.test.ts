import { describe, expect, test } from 'vitest';
import { everywhere, MANNERS } from '../flight/cases.ts';
import { Lifecycles } from '../flight/lifecycle.ts';

/** One for each kind of answer, each with another way to live. */
const SOME = [0, 5, 10].map((at) => MANNERS[at] as (typeof MANNERS)[number]);

describe('whatever two things happen to a flight at whichever points', () => {
  test.each(SOME)('everybody is served once, and nothing remains: $kind, $onAbandon', async (circumstances) => {
    const lifecycles = new Lifecycles();
    for (const one of everywhere()) {
      for (const other of everywhere(one.doing.point)) {
        const found = await lifecycles.findingOf(circumstances, [one.doing, other.doing]);
        if (found) expect.fail(`${found}: ${one.title}, then ${other.title}, ${JSON.stringify(circumstances)}`);
      }
    }
  });
});
