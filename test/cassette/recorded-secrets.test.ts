/**
 * Secrets that pass a proxy which records: refused, or redacted and played.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatEvents, chatRequest, sendStream, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { landed } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';

const secretOf = (digits: string) => `AKIA${digits}QX7WJ4KD2MNV`;
const SECRET = secretOf('Z5RB');

const CASES: readonly (readonly [
  name: string,
  body: (secret: string) => object,
  answer: (secret: string) => string,
])[] = [
  ['a prompt', (secret) => ({ messages: [{ role: 'user', content: `use ${secret}` }] }), () => 'done'],
  ['an answer', () => ({}), (secret) => `it is ${secret}`],
  [
    'a tool argument',
    (secret) => ({
      messages: [
        {
          role: 'assistant',
          tool_calls: [
            { id: 'c', type: 'function', function: { name: 'f', arguments: JSON.stringify({ a: { b: secret } }) } },
          ],
        },
      ],
    }),
    () => 'done',
  ],
  ['two events of a stream', () => ({ stream: true }), (secret) => secret],
];

describe('a secret', () => {
  for (const [name, bodyOf, answerOf] of CASES) {
    story(
      `in ${name} is relayed and not recorded; redacted, it hits offline, with another secret too`,
      async ({ open, upstream, folder }) => {
        const file = join(folder, 'llm.cassette');
        upstream.script = (call) => {
          const text = answerOf(SECRET);
          if (!name.includes('stream')) return sendJson(call, chatAnswer(text));
          sendStream(call, chatEvents([text.slice(0, 9), text.slice(9)]));
        };
        const asking = (secret: string) => ({ body: chatRequest(undefined, bodyOf(secret)) });
        const plain = await open({ cassette: file });
        const relayed = await ask(plain.url + CHAT, asking(SECRET));
        expect([relayed.status, relayed.headers['x-cache']]).toEqual([200, 'MISS']);
        await landed(plain);
        await plain.stop();
        expect(readText(file)).not.toContain(SECRET.slice(0, 9));

        const redacting = await open({ cassette: file, redactPattern: ['AKIA[A-Z0-9]{16}'] });
        const first = await ask(redacting.url + CHAT, asking(SECRET));
        expect(first.text).toBe(relayed.text);
        await landed(redacting);
        await redacting.stop();
        const text = readText(file);
        expect(text).toContain('REDACTED');
        expect(text).not.toContain(SECRET.slice(0, 9));

        const offline = await open({ cassette: file, offline: true });
        const hit = await ask(offline.url + CHAT, asking(secretOf('B7TT')));
        expect([hit.status, hit.headers['x-cache']]).toEqual([200, 'HIT']);
        expect(hit.text).not.toContain(SECRET.slice(0, 9));
        await offline.stop();
      },
    );
  }
});

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
