/**
 * The usage record of a request: the tokens of its answer, wherever they are
 * told, and one model.
 */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import {
  beginStream,
  CHAT,
  chatAnswer,
  chatEvents,
  chatRequest,
  resetAfter,
  sendJson,
  sendStream,
} from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { recorded, recordsOf } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import type { Script } from '../harness/upstream.ts';

describe('the usage ledger', () => {
  story(
    'count usage wherever it stands, also of answers that are not kept or break off',
    async ({ upstream, open }) => {
      const proxy = await open();
      const notes = recordsOf(proxy);
      const told = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
      const none = { prompt_tokens: 0, completion_tokens: 0 };
      const end = (fields: object) => `data: ${JSON.stringify({ choices: [], ...fields })}\n\n`;
      const streamed = (...events: readonly string[]) => chatEvents().toSpliced(-1, 0, ...events);
      const unfinished = chatEvents().slice(0, -2);
      const scripts: readonly (readonly [string, Script, string | null, boolean])[] = [
        [
          'in a choice',
          (call) => sendStream(call, streamed(end({ choices: [{ index: 0, delta: {}, usage: told }] }))),
          null,
          true,
        ],
        [
          'in an object of its vendor',
          (call) => sendStream(call, streamed(end({ x_groq: { usage: told } }))),
          null,
          true,
        ],
        [
          'with what was thought beside the output',
          (call) =>
            sendStream(
              call,
              streamed(
                end({
                  usage: {
                    prompt_tokens: 5,
                    completion_tokens: 1,
                    total_tokens: 8,
                    completion_tokens_details: { reasoning_tokens: 2 },
                  },
                }),
              ),
            ),
          null,
          true,
        ],
        ['before zeros', (call) => sendStream(call, streamed(end({ usage: told }), end({ usage: none }))), null, true],
        [
          'in a stream that never ended',
          (call) => sendStream(call, [...unfinished, end({ usage: told }), 'data: [DONE]\n\n']),
          'unfinished',
          true,
        ],
        [
          'in a stream that breaks off',
          resetAfter([...unfinished, end({ usage: told })].join('')),
          'upstream_cut',
          true,
        ],
        [
          'in an error',
          (call) => sendJson(call, JSON.stringify({ error: { message: 'x' }, usage: told })),
          'error-object',
          false,
        ],
        [
          'in a choice of a document',
          (call) =>
            sendJson(
              call,
              chatAnswer('x', {
                usage: null,
                choices: [{ index: 0, message: { content: 'x' }, finish_reason: 'stop', usage: told }],
              }),
            ),
          null,
          false,
        ],
        [
          'in a document that breaks off',
          ({ response }) => {
            response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
            response.write(`{"usage":${JSON.stringify(told)},"choices":[`, () => response.socket?.destroySoon());
          },
          'upstream_cut',
          false,
        ],
      ];
      for (const [at, [where, script, why, stream]] of scripts.entries()) {
        upstream.script = script;
        await ask(proxy.url + CHAT, { body: chatRequest(where, { stream }) });
        await recorded(notes, at + 1);
        expect(notes[at], where).toMatchObject({ outcome: 'miss', why, call: { usage: { input: 5, output: 3 } } });
      }
      const {
        periods: { all },
      } = await proxy.app.ledger.stats();
      expect(all.tokens.spent).toMatchObject({ input: 5 * scripts.length, output: 3 * scripts.length });
    },
  );

  story('count the usage of answers that pass compressed, whole or broken off', async ({ upstream, open }) => {
    const proxy = await open();
    const notes = recordsOf(proxy);
    const told = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
    const text = JSON.stringify({ ...JSON.parse(chatAnswer()), usage: told });
    const others = { headers: { 'cache-control': 'no-store', 'accept-encoding': 'gzip' } };
    const codings: readonly (readonly [string, (text: string) => Buffer])[] = [
      ['gzip', gzipSync],
      ['x-gzip', gzipSync],
      ['GZIP', gzipSync],
      ['deflate', deflateSync],
      ['deflate', deflateRawSync],
      ['br', brotliCompressSync],
      ['zstd', zstdCompressSync],
    ];
    for (const [coding, encode] of codings) {
      upstream.script = ({ response }) =>
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding }).end(encode(text));
      await ask(proxy.url + CHAT, { body: chatRequest('x'), ...others });
    }
    // Its trailer is missing.
    upstream.script = ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.write(gzipSync(text).subarray(0, -8), () => setImmediate(() => response.socket?.resetAndDestroy()));
    };
    await ask(proxy.url + CHAT, { body: chatRequest('x'), ...others }).catch(() => null);
    await recorded(notes, codings.length + 1);
    expect(notes.map(({ outcome, call }) => [outcome, call?.usage])).toEqual(
      notes.map(() => ['bypass', expect.objectContaining({ input: 5, output: 3 })]),
    );
  });

  story('count nothing of what decodes to much more than it is, or is not what it says', async ({ upstream, open }) => {
    const proxy = await open();
    const notes = recordsOf(proxy);
    for (const bytes of [
      gzipSync(`{"usage":{"prompt_tokens":5},"x":"${'a'.repeat(2_000_000)}"}`),
      Buffer.from('{"usage":{"prompt_tokens":5}}'),
    ]) {
      upstream.script = ({ response }) =>
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bytes);
      await ask(proxy.url + CHAT, { body: chatRequest('x'), headers: { 'cache-control': 'no-store' } });
    }
    await recorded(notes, 2);
    expect(notes.map(({ call }) => call?.usage)).toEqual([null, null]);
  });

  story('have one model for a request, however it is answered', async ({ upstream, open }) => {
    const proxy = await open({ maxKeyedBytes: 50_000 });
    const notes = recordsOf(proxy);
    upstream.script = beginStream;
    const question = { body: chatRequest('x', { model: 'gpt-4o', stream: true }) };
    const live = [await begin(proxy.url + CHAT, question), await begin(proxy.url + CHAT, question)];
    for (const event of chatEvents()) upstream.calls[0]?.response.write(event);
    upstream.calls[0]?.response.end();
    await Promise.all(live.map(({ ended }) => ended));
    await ask(proxy.url + CHAT, question);
    upstream.script = (call) => sendStream(call, chatEvents());
    await ask(proxy.url + CHAT, { ...question, headers: { 'cache-control': 'no-store' } });
    await ask(proxy.url + CHAT, { ...question, headers: { 'x-refrain-cache': 'off' } });
    await ask(proxy.url + CHAT, { body: { ...question.body, store: true } });
    await ask(proxy.url + CHAT, { body: { ...question.body, user: 'x'.repeat(60_000) } });
    await ask(proxy.url + CHAT, {
      body: JSON.stringify({ user: 'x'.repeat(60_000), ...question.body }),
      headers: { 'cache-control': 'no-store', 'transfer-encoding': 'chunked' },
    });
    await ask(proxy.url + CHAT, {
      body: gzipSync(JSON.stringify({ ...question.body, store: true })),
      headers: { 'content-encoding': 'gzip' },
    });
    upstream.script = (call) => sendJson(call, chatAnswer('x', { model: 'gpt-4o-2024-08-06' }));
    for (const [coding, encode] of [
      ['gzip', gzipSync],
      ['zstd', zstdCompressSync],
    ] as const) {
      for (const headers of [{}, { 'transfer-encoding': 'chunked' }] as const) {
        await ask(proxy.url + CHAT, {
          body: encode(JSON.stringify(question.body)),
          headers: { 'content-encoding': coding, 'cache-control': 'no-store', ...headers },
        });
      }
    }
    await recorded(notes, 13);
    expect(notes.map(({ outcome, model }) => `${outcome} ${model}`).sort()).toEqual([
      ...Array(10).fill('bypass gpt-4o'),
      'follow gpt-4o',
      'hit gpt-4o',
      'miss gpt-4o',
    ]);
  });

  story('have a name as long as the path of a file, however it is answered', async ({ upstream, open }) => {
    const proxy = await open();
    const notes = recordsOf(proxy);
    upstream.script = (call) => sendJson(call, chatAnswer());
    const question = { body: chatRequest('x', { model: `/models/${'deep/'.repeat(50)}model.gguf` }) };
    for (const headers of [{}, {}, { 'cache-control': 'no-store' }])
      await ask(proxy.url + CHAT, { ...question, headers: headers as Record<string, string> });
    await recorded(notes, 3);
    expect(new Set(notes.map(({ model }) => model?.length))).toEqual(new Set([268]));
  });

  story('have the model that an answer names, however it came, where its request names none', async ({ open }) => {
    const proxy = await open();
    const notes = recordsOf(proxy);
    const moderation = { body: { input: 'sea' } };
    await ask(`${proxy.url}/v1/moderations`, moderation);
    await ask(`${proxy.url}/v1/moderations`, moderation);
    await ask(`${proxy.url}/v1/moderations`, { ...moderation, headers: { 'cache-control': 'no-store' } });
    const stream = { body: { messages: [{ role: 'user', content: 'x' }], stream: true } };
    await ask(proxy.url + CHAT, stream);
    await ask(proxy.url + CHAT, stream);
    await recorded(notes, 5);
    expect(notes.map(({ outcome, model }) => `${outcome} ${model}`)).toEqual([
      'miss omni-moderation',
      'hit omni-moderation',
      'bypass omni-moderation',
      'miss gpt-test',
      'hit gpt-test',
    ]);
  });
});
