import { expect } from 'vitest';
import { CHAT, chatAnswer, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { about, story } from './nodes.ts';

story(
  'a question that an upstream sends back to another node is a loop, and none waits',
  async ({ join, upstream }) => {
    const [one, other] = [await join(), await join()];
    upstream.script = async (call) => {
      const { via = '' } = call.headers;
      const { text, status } = await ask(other.url + call.url, { body: call.body, headers: { via } });
      sendJson(call, text, status);
    };
    expect((await ask(one.url + CHAT, about('x'))).status).toBe(508);
    expect(upstream.calls).toHaveLength(1);
  },
);

story('nodes in a row, which ask different upstreams, are no loop', async ({ join }) => {
  const inner = await join();
  const outer = await join({ upstream: `${inner.url}/v1` });
  expect(await ask(outer.url + CHAT, about('x'))).toMatchObject({ status: 200, text: chatAnswer('1') });
});
