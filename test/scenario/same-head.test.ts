/**
 * Requests that follow one another on a connection. What was read of the last
 * head is used again where it says the same, and only there.
 */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { describe, expect } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { story } from '../harness/story.ts';

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: object;
}

/** The words of the answers to these, one after the other on one connection. */
async function wordsOf(url: string, ...all: readonly Sent[]): Promise<unknown[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const words = [];
  const ports = new Set();
  for (const { method = 'POST', path = CHAT, headers = {}, body = chatRequest() } of all) {
    const text = JSON.stringify(body);
    const outgoing = request(url + path, { method, agent, headers: { 'content-type': 'application/json', 'content-length': text.length, ...headers } });
    outgoing.end(text);
    const [message] = (await once(outgoing, 'response')) as [IncomingMessage];
    words.push(message.headers['x-cache']);
    ports.add(message.socket.localPort);
    await message.resume().toArray();
  }
  agent.destroy();
  expect(ports.size).toBe(1);
  return words;
}

describe('a request whose head is that of the last one on its connection', () => {
  story('but for its length is answered by its own body', async ({ open }) => {
    const proxy = await open();
    const longer = { body: chatRequest('Something longer than that?') };
    expect(await wordsOf(proxy.url, {}, {}, longer, {}, longer)).toEqual(['MISS', 'HIT', 'MISS', 'HIT', 'HIT']);
  });

  for (const [what, other, word] of [
    ['its method', { method: 'GET' }, 'BYPASS'],
    ['its method, which deletes', { method: 'DELETE' }, 'BYPASS'],
    ['its path', { path: '/v1/completions' }, 'MISS'],
    ['its query', { path: `${CHAT}?x=1` }, 'MISS'],
    ['a further header', { headers: { 'x-odd': '1' } }, 'MISS'],
    ['a control', { headers: { 'cache-control': 'no-store' } }, 'BYPASS'],
    ['who asks', { headers: { authorization: 'Bearer b' } }, 'MISS'],
  ] as const) {
    story(`but for ${what} is read anew`, async ({ upstream, open }) => {
      const proxy = await open();
      expect(await wordsOf(proxy.url, {}, other, {}, {})).toEqual(['MISS', word, 'HIT', 'HIT']);
      expect(upstream.calls.map(({ method }) => method)).toEqual(['POST', 'method' in other ? other.method : 'POST']);
    });
  }

  for (const name of ['authorization', 'x-fourteen-let', 'x-refrain-variant']) {
    story(`but for the value of ${name} is another request`, async ({ open }) => {
      const proxy = await open();
      const having = (value: string) => ({ headers: { [name]: value } });
      expect(await wordsOf(proxy.url, having('a'), having('b'), having('a'), having('a'))).toEqual(['MISS', 'MISS', 'HIT', 'HIT']);
    });
  }
});
