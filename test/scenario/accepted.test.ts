/**
 * The answers that count as a refusal of a credential, those that count as its acceptance, and what
 * says nothing of it.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, errorAnswer, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import type { ScriptedUpstream } from '../harness/upstream.ts';

const headers = { authorization: 'Bearer sk-1' };
const put = async (proxy: Proxy, question: string) => {
  const { headers: told } = await ask(proxy.url + CHAT, { body: chatRequest(question), headers });
  return told['x-cache'];
};
/** An answer of this status, to something that is not kept. */
const tell = async (proxy: Proxy, upstream: ScriptedUpstream, status: number) => {
  upstream.script = (call) => sendJson(call, status < 300 ? '{}' : errorAnswer('no'), status);
  const unkept = { ...headers, 'cache-control': 'no-store' };
  expect((await ask(proxy.url + CHAT, { body: chatRequest('unkept'), headers: unkept })).status).toBe(status);
  upstream.script = (call) => sendJson(call, chatAnswer());
};

describe('a credential with an answer that is kept', () => {
  for (const [status, word] of [
    [401, 'MISS'],
    [403, 'MISS'],
    [400, 'HIT'],
    [402, 'HIT'],
    [404, 'HIT'],
    [429, 'HIT'],
    [500, 'HIT'],
  ] as const) {
    story(
      `is told ${status}: ${word === 'HIT' ? 'that says nothing of it' : 'it is refused'}`,
      async ({ upstream, open }) => {
        const proxy = await open();
        await put(proxy, 'kept');
        await tell(proxy, upstream, status);
        expect(await put(proxy, 'kept')).toBe(word);
      },
    );
  }

  for (const [status, word] of [
    [200, 'HIT'],
    [201, 'HIT'],
    [302, 'MISS'],
    [400, 'MISS'],
    [402, 'MISS'],
    [404, 'MISS'],
    [429, 'MISS'],
    [500, 'MISS'],
  ] as const) {
    story(
      `is told ${status} after 401: ${word === 'HIT' ? 'it is accepted' : 'that does not accept it'}`,
      async ({ upstream, open }) => {
        const proxy = await open();
        await put(proxy, 'kept');
        await tell(proxy, upstream, 401);
        await tell(proxy, upstream, status);
        expect(await put(proxy, 'kept')).toBe(word);
      },
    );
  }
});
