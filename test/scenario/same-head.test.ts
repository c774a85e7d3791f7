/**
 * Requests that follow one another on a connection. What was read of the last
 * head is used again where it says the same, and only there.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { story } from '../harness/story.ts';
import { Line } from '../hostile/line.ts';
import { valuesOf } from '../hostile/message.ts';
import { bytes } from '../hostile/wire.ts';

interface Sent {
  readonly method?: string;
  readonly path?: string;
  /** The last lines of the head. */
  readonly lines?: readonly string[];
  readonly body?: object;
}

/** The words of the answers to these, one after the other on one connection. */
async function wordsOf(url: string, ...all: readonly Sent[]): Promise<unknown[]> {
  const line = new Line(url);
  const words = [];
  for (const { method = 'POST', path = CHAT, lines = [], body = chatRequest() } of all) {
    const text = JSON.stringify(body);
    const head = [
      `${method} ${path} HTTP/1.1`,
      'host: x',
      'content-type: application/json',
      `content-length: ${text.length}`,
      ...lines,
    ];
    const { answer } = await line.ask([bytes(`${head.join('\r\n')}\r\n\r\n${text}`)], method);
    words.push(answer && valuesOf(answer, 'x-cache')[0]);
  }
  line.hangUp();
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
    ['a further header', { lines: ['x-odd: 1'] }, 'MISS'],
    ['a control', { lines: ['cache-control: no-store'] }, 'BYPASS'],
    ['who asks', { lines: ['authorization: Bearer b'] }, 'MISS'],
  ] as const) {
    story(`but for ${what} is read anew`, async ({ upstream, open }) => {
      const proxy = await open();
      expect(await wordsOf(proxy.url, {}, other, {}, {})).toEqual(['MISS', word, 'HIT', 'HIT']);
      expect(upstream.calls.map(({ method }) => method)).toEqual(['POST', 'method' in other ? other.method : 'POST']);
    });
  }

  story('and one header less is read anew', async ({ open }) => {
    const proxy = await open();
    const named = { lines: ['authorization: Bearer a', 'x-odd: 1'] };
    const unnamed = { lines: ['authorization: Bearer a'] };
    expect(await wordsOf(proxy.url, named, unnamed, {}, named, unnamed, {})).toEqual([
      'MISS',
      'MISS',
      'MISS',
      'HIT',
      'HIT',
      'HIT',
    ]);
  });

  story(
    'but for the name of a header after a value that is the name of the length is another request',
    async ({ open }) => {
      const proxy = await open();
      const named = (name: string) => ({ lines: ['x-odd: content-length', `${name}: alice`] });
      const all = [named('x-forwarded-user'), named('x-lab'), named('x-forwarded-user')];
      expect(await wordsOf(proxy.url, ...all)).toEqual(['MISS', 'MISS', 'HIT']);
    },
  );

  for (const name of ['authorization', 'x-fourteen-let', 'x-refrain-variant']) {
    story(`but for the value of ${name} is another request`, async ({ open }) => {
      const proxy = await open();
      const having = (value: string) => ({ lines: [`${name}: ${value}`] });
      expect(await wordsOf(proxy.url, having('a'), having('b'), having('a'), having('a'))).toEqual([
        'MISS',
        'MISS',
        'HIT',
        'HIT',
      ]);
    });
  }
});
