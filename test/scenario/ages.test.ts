/**
 * How old an answer is, to the second: for purges, and where clocks differ.
 */
import { expect } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';

const put = async (proxy: Proxy, question: string) => {
  const { headers } = await ask(proxy.url + CHAT, { body: chatRequest(question) });
  return [headers['x-cache'], headers.age];
};

story('a purge of what is older drops what is as old, in seconds, and nothing younger', async ({ open }) => {
  const clock = createTestClock();
  const proxy = await open({}, clock);
  await put(proxy, 'old');
  clock.advance(1);
  await put(proxy, 'young');
  clock.advance(59_999);
  expect(await proxy.app.cache.removals.purgeAll({ olderThan: 60 })).toMatchObject({ entries: 1 });
  expect([await put(proxy, 'young'), await put(proxy, 'old')]).toEqual([
    ['HIT', '59'],
    ['MISS', undefined],
  ]);
});

story('an answer of the near future is served as new, and one of the far future is not', async ({ open }) => {
  const clock = createTestClock();
  const proxy = await open({}, clock);
  await put(proxy, 'x');
  clock.advance(-1_000);
  expect(await put(proxy, 'x')).toEqual(['HIT', '0']);
  clock.advance(-1);
  const { headers } = await ask(proxy.url + CHAT, { body: chatRequest('x'), headers: { 'x-refrain-debug': '1' } });
  expect([headers['x-cache'], headers.age, headers['x-refrain-why']]).toEqual([
    'MISS',
    undefined,
    'kept, but dated in the future by the clock of this machine',
  ]);
});
