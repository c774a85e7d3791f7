/**
 * Bodies that cost a parser or a hash more than others of their length: none
 * may hold the event loop. Declares tests.
 */
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { CHAT, chatAnswer, chatRequest } from '../harness/answers.ts';
import { loopDelayOf, type Tell } from './figures.ts';
import { open, type ProxyProcess, send } from './proxy-process.ts';

export interface HeldOptions {
  /** Bytes of the longest body that is tried. */
  readonly bytes: number;
  /** How often a body may hold the loop for longer: other processes use the machine too. */
  readonly attempts: number;
  readonly tell?: Tell;
}

const LONGEST_MS = 50;

const chat = (text: string) => JSON.stringify(chatRequest(text));
const many = (count: number, item: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => item(index)).join(',');
/** Names that V8 takes for indices, of one hash bucket each in a table of 2^16. */
const crowded = (index: number) => `"${index * 65_536}":1`;

const bodiesOf = (bytes: number): Readonly<Record<string, string>> => ({
  'one text': chat('All the waters of the sea are one water.\n'.repeat(bytes / 41)),
  'one text of escapes': `{"messages":[{"content":"${'\\u00e9'.repeat(bytes / 6)}"}]}`,
  'one image': chat(`data:image/png;base64,${'iVBORw0K'.repeat(bytes / 8)}`),
  messages: JSON.stringify({
    messages: Array.from({ length: bytes / 60 }, (_, index) => ({ role: 'user', content: `message ${index}` })),
  }),
  'empty objects': `{"x":[${many(bytes / 3, () => '{}')}]}`,
  'empty arrays': `{"x":[${many(bytes / 3, () => '[]')}]}`,
  'brackets that are never closed': '['.repeat(bytes),
  'brackets below a name': `{"x":${'['.repeat(bytes)}`,
  'braces below braces': '{"a":'.repeat(bytes / 5),
  names: `{"x":{${many(bytes / 12, (index) => `"${index}":1`)}}}`,
  'names at the top': `{${many(bytes / 12, (index) => `"name ${index}":1`)}}`,
  'the same name': `{${many(bytes / 6, () => '"a":1')}}`,
  'names that crowd a hash table': `{"x":{${many(bytes / 16, crowded)}}}`,
  digits: `{"x":${'9'.repeat(bytes)}}`,
  backslashes: `{"x":"${'\\\\'.repeat(bytes / 2)}"}`,
  'white space': `{${' '.repeat(bytes)}}`,
  zeros: '\0'.repeat(bytes),
  'half of a character': '\ud800'.repeat(bytes / 3),
  'embedding inputs': JSON.stringify({
    model: 'm',
    input: Array.from({ length: bytes / 8 }, (_, index) => `t${index % 100}`),
  }),
  'embedding inputs, as many as are looked up': JSON.stringify({
    model: 'm',
    input: Array.from({ length: 4_096 }, (_, index) => `${index} `.padEnd(bytes / 4_200, 'x')),
  }),
});

/** Node's watch of the loop, begun anew, sees nothing before it has looked twice, every 20 ms. */
const BLIND_MS = 60;

/** How long the event loop was held at most while this was asked, in ms. */
async function heldBy(proxy: ProxyProcess, path: string, body: string, attempt: number): Promise<number> {
  await loopDelayOf(proxy);
  await setTimeout(BLIND_MS);
  const { answer } = await send(proxy.url + path, [Buffer.from(body)], {
    'content-length': String(Buffer.byteLength(body)),
    'x-refrain-variant': String(attempt),
  });
  expect(answer.status, body.slice(0, 100)).toBe(200);
  await setTimeout(BLIND_MS);
  return (await loopDelayOf(proxy)).max;
}

/** The least of so many, or the first that is short enough. */
async function bestOf(attempts: number, measure: (attempt: number) => Promise<number>): Promise<number> {
  let best = Infinity;
  for (let attempt = 0; attempt < attempts && best > LONGEST_MS; attempt += 1)
    best = Math.min(best, await measure(attempt));
  return best;
}

export function holdNothingUp({ bytes, attempts, tell }: HeldOptions): void {
  describe(`no request of ${bytes} bytes holds the event loop for more than ${LONGEST_MS} ms:`, () => {
    test('whatever its body is made of', { timeout: 180_000 + attempts * 60_000 }, async () => {
      const proxy = await open((response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(chatAnswer()),
      );
      const late: string[] = [];
      for (const [what, body] of Object.entries(bodiesOf(bytes))) {
        const path = what.startsWith('embedding') ? '/v1/embeddings' : CHAT;
        const best = await bestOf(attempts, (attempt) => heldBy(proxy, path, body, attempt));
        tell?.(`${what}: held for ${best} ms`);
        if (best > LONGEST_MS) late.push(`${what}: ${best} ms`);
      }
      expect(late).toEqual([]);
    });
  });
}
