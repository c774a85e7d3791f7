import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import {
  answerAll,
  beginStream,
  CHAT,
  chatAnswer,
  chatEvents,
  chatEventsWithUsage,
  chatRequest,
  errorAnswer,
  resetAfter,
  responseEvents,
  sendJson,
  sendStream,
} from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { recorded, recordsOf } from '../harness/proxy.ts';
import { EMBEDDED, PROMPT, QUESTION, RESPONSE, WITH_USAGE } from '../harness/questions.ts';
import { connect, NEWEST, readAll } from '../harness/sdk.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

/** More than 2,000 bytes, with usage before `[DONE]`. */
const LONG_STREAM = chatEvents(Array.from({ length: 40 }, () => 'more')).toSpliced(
  -1,
  0,
  chatEventsWithUsage().at(-2) as string,
);

describe('the usage ledger', () => {
  story('have each way that the official SDK asks, with its tokens', async ({ open }) => {
    const proxy = await open({ forms: 'exact' });
    const notes = recordsOf(proxy);
    const client = connect(NEWEST, `${proxy.url}/v1`);
    for (let time = 0; time < 2; time += 1) {
      await client.chat.completions.create(QUESTION);
      await readAll(await client.chat.completions.create(WITH_USAGE));
      await client.completions.create(PROMPT);
      await client.embeddings.create(EMBEDDED);
      await client.responses.create(RESPONSE);
      await readAll(await client.responses.create({ ...RESPONSE, stream: true }));
      await client.moderations.create({ input: 'sea' });
    }
    await client.models.list();
    await recorded(notes, 15);
    const chat = { input: 5, cachedInput: 0, output: 3, reasoning: 0 };
    const expected = [
      ['chat', 'gpt-test', chat],
      ['chat', 'gpt-test', chat],
      ['completions', 'gpt-test', null],
      ['embeddings', 'embed-test', { ...chat, input: 2, output: 0 }],
      ['responses', 'gpt-test', chat],
      ['responses', 'gpt-test', chat],
      ['moderations', 'omni-moderation', null],
    ];
    const told = (outcome: string) =>
      notes
        .filter((record) => record.outcome === outcome)
        .map(({ endpoint, model, call }) => [endpoint, model, call?.usage ?? null]);
    expect(told('miss')).toEqual(expected);
    expect(told('hit')).toEqual(expected);
    expect(notes.at(-1)).toMatchObject({
      outcome: 'bypass',
      endpoint: 'other',
      why: 'route',
      model: null,
      call: { usage: null },
    });
    for (const { outcome, tier, key, scope, status, ms, call } of notes) {
      expect({ tier, status }).toEqual({ tier: outcome === 'hit' ? 'memory' : null, status: 200 });
      expect(scope).toMatch(/^private:[0-9a-f]{12}$/);
      if (outcome !== 'bypass') expect(key).toMatch(/^[0-9a-f]{16}$/);
      expect(ms).toBeGreaterThan(0);
      expect(call?.ms).toBeGreaterThanOrEqual(call?.firstByteMs ?? Infinity);
    }
  });

  story('look into memory once for each question, as lru_cache does', async ({ open }) => {
    const proxy = await open();
    for (const question of ['sea', 'sea', 'salt']) await ask(proxy.url + CHAT, { body: chatRequest(question) });
    const { text } = await ask(`${proxy.adminUrl}/stats`);
    expect(JSON.parse(text).lru).toMatchObject({ hits: 1, misses: 2 });
  });

  story('look in vain once for each miss, of samples, streams and batches too', async ({ open }) => {
    const proxy = await open();
    const headers = { 'x-refrain-samples': '3' };
    for (const stream of [true, true, false])
      await ask(proxy.url + CHAT, { body: chatRequest('sea', { stream }), headers });
    await ask(`${proxy.url}/v1/embeddings`, { body: { model: 'embed-test', input: ['a'] } });
    const lru = JSON.parse((await ask(`${proxy.adminUrl}/stats`)).text);
    expect(lru.lru.misses).toBe(proxy.app.ledger.counts().miss);
  });

  story('have the bytes that were sent', async ({ open }) => {
    const proxy = await open();
    const notes = recordsOf(proxy);
    const answers = [
      await ask(proxy.url + CHAT, { body: chatRequest() }),
      await ask(proxy.url + CHAT, { body: chatRequest() }),
    ];
    await recorded(notes, 2);
    expect(notes.map(({ bytes }) => bytes)).toEqual(answers.map(({ body }) => body.length));
  });

  story(
    'balance under hits, follows, misses, bypasses, refusals and clients that leave',
    async ({ upstream, open }) => {
      const proxy = await open();
      const notes = recordsOf(proxy);
      const stream = { body: chatRequest('shared', { stream: true }) };
      upstream.script = beginStream;
      const live = await Promise.all([
        begin(proxy.url + CHAT, stream),
        begin(proxy.url + CHAT, stream),
        begin(proxy.url + CHAT, stream),
      ]);
      live[0]?.hangUp();
      const call = await upstream.called(1);
      for (const event of chatEventsWithUsage()) call.response.write(event);
      call.response.end();
      await Promise.all(live.slice(1).map((answer) => answer.ended));
      upstream.script = answerAll;
      await ask(proxy.url + CHAT, stream);
      await ask(proxy.url + CHAT, { body: chatRequest('no', { store: true }) });
      await ask(proxy.url + CHAT, { body: chatRequest('no'), headers: { 'cache-control': 'no-store' } });
      await ask(proxy.url + CHAT, { body: chatRequest('no'), headers: { 'cache-control': 'only-if-cached' } });
      await ask(proxy.url + CHAT, { body: chatRequest('no'), headers: { 'x-refrain-ttl': 'soon' } });
      upstream.script = () => {};
      const gone = begin(proxy.url + CHAT, { body: chatRequest('gone') });
      gone.catch(() => {});
      await upstream.called(4);
      gone.hangUp();
      upstream.script = resetAfter(chatEvents()[0] as string);
      await ask(proxy.url + CHAT, { body: chatRequest('broken', { stream: true }) });
      await recorded(notes, 10);
      expect(proxy.app.ledger.counts()).toEqual({ requests: 10, hit: 1, follow: 2, miss: 3, bypass: 2, refusal: 2 });
      const {
        periods: { all },
      } = await proxy.app.ledger.stats();
      expect(all).toMatchObject({ requests: 10, hits: 1, follows: 2, misses: 3, bypasses: 2, refusals: 2 });
      expect(all.tokens.saved).toEqual({ input: 15, cachedInput: 0, output: 9, reasoning: 0 });
      expect(notes.map(({ outcome, why, status, error }) => [outcome, why, status, error])).toEqual(
        expect.arrayContaining([
          ['bypass', 'store', 200, null],
          ['bypass', 'no-store', 200, null],
          ['refusal', 'not_cached', 504, 'not_cached'],
          ['refusal', 'invalid_header', 400, 'invalid_header'],
          ['miss', 'abandoned', 499, 'abandoned'],
          ['miss', 'upstream_cut', 200, 'upstream_cut'],
        ]),
      );
    },
  );

  story('have what a call spent whose leader left, when it is over, and once', async ({ upstream, open }) => {
    const proxy = await open({ onAbandon: 'finish' });
    const notes = recordsOf(proxy);
    upstream.script = beginStream;
    const leader = await begin(proxy.url + CHAT, { body: chatRequest('sea', { stream: true }) });
    const call = await upstream.called(1);
    leader.hangUp();
    await until(() => proxy.app.admission.listeners === 0);
    expect(notes).toEqual([]);
    for (const event of chatEventsWithUsage()) call.response.write(event);
    call.response.end();
    await recorded(notes, 1);
    expect(notes[0]).toMatchObject({ outcome: 'miss', call: { usage: { input: 5, output: 3 } } });
    expect((await ask(proxy.url + CHAT, { body: chatRequest('sea', { stream: true }) })).headers['x-cache']).toBe(
      'HIT',
    );
    await recorded(notes, 2);
  });

  story('have nothing of a call that was aborted or failed', async ({ upstream, open }) => {
    const proxy = await open();
    const notes = recordsOf(proxy);
    upstream.script = (call) => call.response.destroy();
    await ask(proxy.url + CHAT, { body: chatRequest() });
    await recorded(notes, 1);
    expect(notes[0]).toMatchObject({
      outcome: 'miss',
      status: 502,
      call: null,
      dollars: null,
      error: 'upstream_cut',
      why: 'upstream_cut',
    });
  });

  story('have why an answer was not kept, and what it took all the same', async ({ upstream, open }) => {
    const proxy = await open({ maxEntryBytes: 2_000 });
    const notes = recordsOf(proxy);
    const answers: readonly (readonly [string, (call: Parameters<typeof sendJson>[0]) => void])[] = [
      ['upstream-no-store', (call) => sendJson(call, chatAnswer(), 200, { 'cache-control': 'no-store' })],
      ['too-large', (call) => sendJson(call, chatAnswer('x'.repeat(200_000)))],
      ['too-large', (call) => sendStream(call, LONG_STREAM)],
      [
        'unfinished',
        (call) =>
          sendJson(
            call,
            chatAnswer('x', {
              choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: null }],
            }),
          ),
      ],
    ];
    for (const [at, [why, script]] of answers.entries()) {
      upstream.script = script;
      await ask(proxy.url + CHAT, { body: chatRequest(`question ${at}`) });
      await recorded(notes, at + 1);
      expect(notes[at]).toMatchObject({ outcome: 'miss', why, error: null, call: { usage: { input: 5, output: 3 } } });
    }
    upstream.script = (call) => sendJson(call, errorAnswer('slow down'), 429);
    await ask(proxy.url + CHAT, { body: chatRequest('429') });
    await recorded(notes, answers.length + 1);
    expect(notes.at(-1)).toMatchObject({ status: 429, why: 'status', error: null, call: { usage: null } });
  });

  story(
    'have the model of what went past the cache as it was asked for, and the tokens as its answer tells them',
    async ({ upstream, open }) => {
      const proxy = await open();
      const notes = recordsOf(proxy);
      const past = { headers: { 'cache-control': 'no-store' } };
      upstream.script = (call) => sendJson(call, chatAnswer('x', { model: 'gpt-4o-2024-08-06' }));
      await ask(proxy.url + CHAT, { body: chatRequest('json', { model: 'gpt-4o' }), ...past });
      upstream.script = (call) => sendStream(call, chatEventsWithUsage());
      await ask(proxy.url + CHAT, { body: chatRequest('stream', { stream: true }), ...past });
      upstream.script = (call) => sendStream(call, responseEvents());
      await ask(`${proxy.url}/v1/responses`, { body: { ...RESPONSE, stream: true, previous_response_id: 'resp_0' } });
      await recorded(notes, 3);
      const usage = { input: 5, cachedInput: 0, output: 3, reasoning: 0 };
      // 5 x 2.5 + 3 x 10 = 42.5 millionths of a dollar.
      expect(notes.map(({ endpoint, model, dollars, call }) => [endpoint, model, dollars, call?.usage])).toEqual([
        ['chat', 'gpt-4o', 0.0000425, usage],
        ['chat', 'gpt-test', null, usage],
        ['responses', 'gpt-test', null, usage],
      ]);
    },
  );

  story(
    'go on after a restart, where hits of old answers still save what they cost',
    async ({ upstream, open, folder }) => {
      const store = { path: join(folder, 'cache.sqlite') };
      upstream.script = (call) => sendJson(call, chatAnswer());
      const question = { body: chatRequest('sea', { model: 'gpt-4o-mini' }) };
      const first = await open({ store });
      await ask(first.url + CHAT, question);
      await first.stop();
      const next = await open({ store });
      await ask(next.url + CHAT, question);
      await ask(next.url + CHAT, question);
      const {
        periods: { all },
      } = await next.app.ledger.stats();
      // 5 x 0.15 + 3 x 0.60 = 2.55 millionths of a dollar, once spent and twice saved.
      expect(all).toMatchObject({ requests: 3, hits: 2, misses: 1, dollars: { spent: 0.00000255, saved: 0.0000051 } });
    },
  );

  story('in a file that is spoilt are set aside, and no client hears of it', async ({ open, folder }) => {
    const first = await open({ store: { path: join(folder, 'cache.sqlite') } });
    await ask(first.url + CHAT, { body: chatRequest() });
    await first.stop();
    truncateSync(join(folder, 'ledger.sqlite'), 3_000);
    const proxy = await open({ store: { path: join(folder, 'cache.sqlite') } });
    const answer = await ask(proxy.url + CHAT, { body: chatRequest() });
    expect(answer.status).toBe(200);
    expect((await proxy.app.ledger.stats()).periods.all.requests).toBe(1);
    expect(
      proxy.lines.filter(({ level, path }) => level === 'warn' && String(path).endsWith('ledger.sqlite')),
    ).toHaveLength(1);
  });
});
