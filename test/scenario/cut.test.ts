/**
 * How an answer that broke off ends for clients of each kind: visibly, and after
 * all that was said before.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatEvents, chatRequest, endAfter, resetAfter, sendJson } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { story } from '../harness/story.ts';
import { landed } from '../harness/proxy.ts';
import { until } from '../harness/until.ts';

const STREAM = chatRequest('x', { stream: true });
const SAID = chatEvents().slice(0, -2).join('');

/** The bytes that a client of HTTP/1.0 gets, which takes the end of its connection for the end of its answer. */
async function askPlainly(url: string, question: object): Promise<{ text: string; end: string }> {
  const socket: Socket = connect(Number(new URL(url).port), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const body = JSON.stringify(question);
  socket.write(
    `POST ${CHAT} HTTP/1.0\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const ended = await once(socket, 'end').then(
    () => 'end',
    ({ code }: NodeJS.ErrnoException) => code ?? '',
  );
  socket.destroy();
  const text = Buffer.concat(chunks).toString();
  return { text: text.slice(text.indexOf('\r\n\r\n') + 4), end: ended };
}

describe('for a client of HTTP/1.0', () => {
  story('a stream that is cut ends in a reset, after all that was said and an error', async ({ upstream, open }) => {
    const { url } = await open();
    upstream.script = resetAfter(SAID);
    const { text, end } = await askPlainly(url, STREAM);
    expect(end).toBe('ECONNRESET');
    expect(text.slice(0, SAID.length)).toBe(SAID);
    expect(text.slice(SAID.length)).toMatch(/^event: error\ndata: .*"code":"upstream_cut".*\n\n$/);
  });

  story('a document that is cut ends in a reset', async ({ upstream, open }) => {
    const { url } = await open();
    upstream.script = ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"choices":[', () => response.socket?.resetAndDestroy());
    };
    expect(await askPlainly(url, chatRequest())).toEqual({ text: '{"choices":[', end: 'ECONNRESET' });
  });

  story('what its upstream ended ends as it should, whole or not', async ({ upstream, open }) => {
    const { url } = await open();
    for (const text of [SAID, chatEvents().join('')]) {
      upstream.script = endAfter(text);
      expect(await askPlainly(url, { ...STREAM, user: text })).toEqual({ text, end: 'end' });
    }
    upstream.script = (call) => sendJson(call, chatAnswer());
    for (let time = 0; time < 2; time++)
      expect(await askPlainly(url, chatRequest())).toEqual({ text: chatAnswer(), end: 'end' });
  });
});

story(
  'a reader that has not read yet when its stream breaks off gets all that was said, and the error',
  async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = resetAfter(SAID);
    const { body } = await fetch(proxy.url + CHAT, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(STREAM),
    });
    await landed(proxy);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    const texts: string[] = [];
    const decoder = new TextDecoder();
    await expect(
      (async () => {
        for await (const chunk of body as unknown as AsyncIterable<Uint8Array>)
          texts.push(decoder.decode(chunk, { stream: true }));
      })(),
    ).rejects.toThrow();
    expect(texts.join('').slice(0, SAID.length)).toBe(SAID);
    expect(texts.join('')).toContain('"code":"upstream_cut"');
  },
);

story('a client that hangs up on the error is not waited for', async ({ upstream, open }) => {
  const proxy = await open();
  upstream.script = resetAfter(SAID);
  const live = await begin(proxy.url + CHAT, { body: STREAM });
  await live.receives(Buffer.byteLength(SAID) + 1);
  live.hangUp();
  await live.ended;
  await until(() => proxy.app.admission.listeners === 0);
  upstream.script = (call) => sendJson(call, chatAnswer());
  expect((await ask(proxy.url + CHAT, { body: STREAM })).status).toBe(200);
});
