import { describe, expect } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';

describe('is refused', () => {
  story('a target in absolute form, or with two hosts', async ({ upstream, open }) => {
    const proxy = await open();
    for (const head of [
      'GET http://evil.example/v1/models HTTP/1.1\r\nhost: x\r\n',
      'GET /v1/models HTTP/1.1\r\nhost: x\r\nhost: y\r\n',
      'OPTIONS * HTTP/1.1\r\nhost: x\r\n',
    ]) {
      const answer = await talk(proxy.url, (socket) => socket.write(`${head}connection: close\r\n\r\n`));
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toMatch(/"code":"invalid_target"|^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n\r\n$/);
    }
    expect(upstream.calls).toHaveLength(0);
  });

  story('a WebSocket, but not an upgrade to HTTP/2 that Java clients offer', async ({ open }) => {
    const proxy = await open();
    const answer = await talk(proxy.url, (socket) =>
      socket.write('GET /v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\nupgrade: WebSocket\r\n\r\n'),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 426 /);
    expect(answer).toContain('"code":"websocket_unsupported"');
    const other = await talk(proxy.url, (socket) =>
      socket.write(
        'GET /v1/tomorrow HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings, close\r\n' +
          'upgrade: h2c\r\nhttp2-settings: AAM\r\n\r\n',
      ),
    );
    expect(other).toMatch(/^HTTP\/1\.1 404 /);
  });

  story('a body beyond maxRequestBytes, declared or not', async ({ upstream, open }) => {
    const proxy = await open({ maxRequestBytes: 1_000 });
    const body = chatRequest('x'.repeat(2_000));
    const declared = await ask(proxy.url + CHAT, { body });
    expect(declared.status).toBe(413);
    expect(JSON.parse(declared.text).error).toMatchObject({
      code: 'body_too_large',
      message: expect.stringContaining('maxRequestBytes'),
    });
    const undeclared = await ask(proxy.url + CHAT, { body, headers: { 'transfer-encoding': 'chunked' } });
    expect(undeclared.status).toBe(413);
    expect(upstream.calls).toHaveLength(0);
  });
});

story('the operator asks another listener how the proxy is', async ({ open }) => {
  const proxy = await open();
  expect(await ask(`${proxy.adminUrl}/healthz`)).toMatchObject({ status: 200, text: '{"status":"alive"}' });
  expect(await ask(`${proxy.adminUrl}/readyz`)).toMatchObject({ status: 200, text: '{"status":"ready"}' });
  expect(await ask(`${proxy.adminUrl}/v1/models`)).toMatchObject({ status: 404 });
  proxy.app.readiness = 'stopping';
  expect(await ask(`${proxy.adminUrl}/readyz`)).toMatchObject({ status: 503, text: '{"status":"stopping"}' });
});
