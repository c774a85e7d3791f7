import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect } from 'vitest';
import { beginStream, CHAT, chatAnswer, chatEvents, chatRequest, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';

describe('an upstream that takes too long', () => {
  story('to begin is 504', async ({ upstream, open }) => {
    const proxy = await open({ timeouts: { firstByte: 0.2 } });
    upstream.script = () => {};
    const { status, text } = await ask(proxy.url + CHAT, { body: chatRequest() });
    expect(status).toBe(504);
    expect(JSON.parse(text).error).toMatchObject({
      code: 'upstream_timeout',
      message: expect.stringContaining('0.2 s'),
    });
  });

  story('between two events is cut, and says so', async ({ upstream, open }) => {
    const proxy = await open({ timeouts: { idle: 0.2 } });
    upstream.script = (call) => {
      beginStream(call);
      call.response.write(chatEvents()[0]);
    };
    const { text, broken } = await ask(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) });
    expect(broken).toBe(true);
    expect(text).toContain('"code":"upstream_timeout"');
  });
});

describe('with a proxy between Refrain and the upstream', () => {
  for (const [what, no, tunnels] of [
    ['it is asked through it', null, 1],
    ['but not for what NO_PROXY names', '127.0.0.1', 0],
  ] as const) {
    story(what, async ({ upstream, open }) => {
      let tunnelled = 0;
      const between = createServer();
      between.on('connect', (request, socket) => {
        tunnelled++;
        const [host = '', port] = (request.url ?? '').split(':');
        const onward = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
        onward.pipe(socket).pipe(onward);
        for (const end of [onward, socket]) end.on('error', () => {});
      });
      between.listen(0, '127.0.0.1');
      await once(between, 'listening');
      upstream.script = (call) => sendJson(call, chatAnswer());
      const proxy = await open({ proxy: { http: `http://127.0.0.1:${(between.address() as AddressInfo).port}`, no } });
      expect(await ask(proxy.url + CHAT, { body: chatRequest() })).toMatchObject({ status: 200, text: chatAnswer() });
      expect(tunnelled).toBe(tunnels);
      expect(upstream.calls).toHaveLength(1);
      between.close();
    });
  }
});
