import { expect } from 'vitest';
import type { Gone } from '../../src/store/gone.ts';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';

/** All that the other processes of a fleet are told of, as it comes. */
function toldBy({ app }: Proxy): readonly Gone[] {
  const told: Gone[] = [];
  const log = { mark: undefined, isShared: true, append: async (gone: Gone) => told.push(gone) > 0 };
  app.cache.removals.join(log, { append: () => {} });
  return told;
}

const remove = (proxy: Proxy, id: string, authorization: string) =>
  ask(`${proxy.url}/v1/responses/${id}`, { method: 'DELETE', headers: { authorization } });

story(
  'a fleet is told of a deletion that the upstream accepts, and of none that it refuses',
  async ({ upstream, open }) => {
    const proxy = await open();
    const told = toldBy(proxy);
    upstream.script = (call) => sendJson(call, '{}', 401);
    for (let times = 0; times < 3; times += 1) await remove(proxy, `resp_${times}`, 'Bearer nobody');
    expect(told).toEqual([]);
    upstream.script = (call) => sendJson(call, '{}');
    await remove(proxy, 'resp_1', 'Bearer somebody');
    expect(told).toEqual([{ answerId: 'resp_1' }]);
  },
);

story(
  'of a deletion by a caller whom the upstream accepts, a fleet is told before the upstream',
  async ({ upstream, open }) => {
    const proxy = await open();
    const told = toldBy(proxy);
    upstream.script = (call) => sendJson(call, chatAnswer('x'));
    await ask(proxy.url + CHAT, { body: chatRequest('x'), headers: { authorization: 'Bearer somebody' } });
    const before: number[] = [];
    upstream.script = (call) => {
      before.push(told.length);
      sendJson(call, '{}');
    };
    await remove(proxy, 'resp_1', 'Bearer somebody');
    expect([before, told]).toEqual([[1], [{ answerId: 'resp_1' }]]);
  },
);
