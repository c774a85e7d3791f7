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

story('is in no line about a request that has no recording', async ({ open, upstream, folder }) => {
  upstream.script = (call) => sendJson(call, chatAnswer('done'));
  const asking = { body: chatRequest(undefined, { messages: [{ role: 'user', content: `my key: ${SECRET}` }] }) };
  const cassette = join(folder, 'llm.cassette');
  for (const offline of [false, true]) {
    const proxy = await open({ cassette, offline });
    const answers = [
      await ask(proxy.url + CHAT, asking),
      await ask(`${proxy.url}/v1/files/${SECRET}`, { method: 'GET' }),
    ];
    if (!offline) await landed(proxy);
    await proxy.stop();
    expect(proxy.app.unrecorded.requests.map(({ path }) => path)).toEqual(['/chat/completions', '…']);
    const told = JSON.stringify([
      proxy.app.unrecorded.requests,
      proxy.lines,
      offline && answers.map(({ text }) => text),
    ]);
    expect(told).not.toContain(SECRET);
  }
});

story('that cannot be redacted is in no line either', async ({ open, folder }) => {
  // The text that stands for what is redacted would be found once more.
  const proxy = await open({ cassette: join(folder, 'llm.cassette'), redactPattern: ['hush|key_hush'], offline: true });
  const body = chatRequest(undefined, { messages: [{ role: 'user', content: 'hush' }], logit_key_hush: 1 });
  const answer = await ask(proxy.url + CHAT, { body });
  expect(answer.status).toBe(504);
  expect(proxy.app.unrecorded.requests).toMatchObject([{ path: '/chat/completions', question: null }]);
  expect(answer.text).not.toContain('hush');
  await proxy.stop();
});

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
