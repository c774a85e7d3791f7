import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { idleMetrics } from './idle-metrics.ts';
import {
  answerAll,
  beginStream,
  CHAT,
  chatAnswer,
  chatEventsWithUsage,
  chatRequest,
  errorAnswer,
  resetAfter,
  sendJson,
} from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { EMBEDDED, QUESTION, WITH_USAGE } from '../harness/questions.ts';
import { connect, NEWEST, readAll } from '../harness/sdk.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';
import { listMetrics } from '../documents.ts';
import { callOf, recordOf } from './usage-records.ts';

/** The value of each series, as it is written: `refrain_flights`, `refrain_store_bytes{tier="memory"}`. */
async function scrape({ app }: Pick<Proxy, 'app'>): Promise<Map<string, number>> {
  return seriesOf(await app.metrics.text());
}

function seriesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

const noted = ({ app }: Proxy, count: number) => until(() => app.ledger.counts().requests === count);

const newMetrics = () => {
  const metrics = idleMetrics('9');
  onTestFinished(() => metrics.close());
  return metrics;
};

describe('metrics', () => {
  story('of a proxy that the official SDK asks', async ({ upstream, open }) => {
    const proxy = await open({ forms: 'exact' });
    const client = connect(NEWEST, `${proxy.url}/v1`, { maxRetries: 0 });
    for (let time = 0; time < 3; time += 1) {
      await client.chat.completions.create(QUESTION);
      await readAll(await client.chat.completions.create(WITH_USAGE));
      await client.embeddings.create(EMBEDDED);
    }
    await client.models.list();
    upstream.script = (call) => sendJson(call, chatAnswer('x', { model: 'gpt-4o-mini' }));
    for (let time = 0; time < 2; time += 1) await client.chat.completions.create({ ...QUESTION, model: 'gpt-4o-mini' });
    upstream.script = (call) => sendJson(call, errorAnswer('no'), 500);
    await client.chat.completions.create({ ...QUESTION, model: 'other' }).catch(() => {});
    await ask(proxy.url + CHAT, { body: chatRequest(), headers: { 'x-refrain-ttl': 'soon' } });
    await noted(proxy, 14);
    const series = await scrape(proxy);
    expect(Object.fromEntries(series)).toMatchObject({
      'refrain_requests_total{outcome="miss",endpoint="chat"}': 4,
      'refrain_requests_total{outcome="hit",endpoint="chat"}': 5,
      'refrain_requests_total{outcome="miss",endpoint="embeddings"}': 1,
      'refrain_requests_total{outcome="hit",endpoint="embeddings"}': 2,
      'refrain_requests_total{outcome="bypass",endpoint="other"}': 1,
      'refrain_requests_total{outcome="refusal",endpoint="chat"}': 1,
      'refrain_bypasses_total{reason="route"}': 1,
      'refrain_unstored_total{reason="status"}': 1,
      'refrain_errors_total{code="invalid_header"}': 1,
      'refrain_hit_duration_seconds_count{tier="memory"}': 7,
      'refrain_upstream_duration_seconds_count{endpoint="chat"}': 4,
      'refrain_upstream_first_byte_seconds_count{endpoint="embeddings"}': 1,
      'refrain_upstream_duration_seconds_count{endpoint="other"}': 1,
      'refrain_spent_tokens_total{model="gpt-test",kind="input"}': 10,
      'refrain_saved_tokens_total{model="gpt-test",kind="input"}': 20,
      'refrain_saved_tokens_total{model="gpt-test",kind="output"}': 12,
      'refrain_unpriced_tokens_total{model="gpt-test"}': 48,
      // Both inputs of the batch are kept.
      'refrain_store_entries{tier="memory"}': 5,
      'refrain_batch_inputs_total{outcome="hit"}': 4,
      'refrain_batch_inputs_total{outcome="fetched"}': 2,
      'refrain_flights': 0,
      'refrain_listeners': 0,
      'refrain_flight_bytes': 0,
      [`refrain_build_info{version="0.1.0",node="${process.version}"}`]: 1,
    });
    // 5 x 0.15 + 3 x 0.60 = 2.55 millionths of a dollar.
    for (const word of ['spent', 'saved'])
      expect(series.get(`refrain_${word}_dollars_total{model="gpt-4o-mini"}`)).toBeCloseTo(0.00000255, 15);
    expect(series.get('refrain_store_bytes{tier="memory"}')).toBeGreaterThan(1_000);
    expect(series.get('refrain_sent_bytes_total{outcome="hit"}')).toBeGreaterThan(1_000);
    expect(series.get('refrain_event_loop_delay_seconds{quantile="1"}')).toBeLessThan(10);
    expect([...series.keys()].filter((name) => /sk-test|private:/.test(name))).toEqual([]);
  });

  story(
    'of answers that were not kept and of requests that went past the cache, as the ledger has them: an ' +
      'error is neither',
    async ({ upstream, open }) => {
      const proxy = await open();
      const send = (script: typeof upstream.script, headers: Record<string, string> = {}, others: object = {}) => {
        upstream.script = script;
        return ask(proxy.url + CHAT, { body: chatRequest('x', others), headers });
      };
      await send(resetAfter('data: '), {}, { stream: true });
      await send(({ response }) => response.socket?.resetAndDestroy());
      await send(resetAfter('data: '), { 'cache-control': 'no-store' }, { stream: true });
      for (let time = 0; time < 2; time += 1) await send((call) => sendJson(call, chatAnswer('x', { choices: [] })));
      await send(answerAll, { 'x-refrain-ttl': '0' });
      await send(answerAll, {}, { store: true });
      await send(answerAll);
      await noted(proxy, 8);
      const series = [...(await scrape(proxy))].filter(([name]) => /^refrain_(unstored|bypasses)_total/.test(name));
      expect(Object.fromEntries(series)).toEqual({
        'refrain_bypasses_total{reason="no-store"}': 1,
        'refrain_bypasses_total{reason="store"}': 1,
        'refrain_unstored_total{reason="missing-choice"}': 2,
        'refrain_unstored_total{reason="ttl"}': 1,
      });
      const {
        periods: { today },
      } = JSON.parse((await ask(`${proxy.adminUrl}/stats`)).text);
      expect(today).toMatchObject({
        bypassReasons: [
          { reason: 'no-store', requests: 1 },
          { reason: 'store', requests: 1 },
        ],
        unkeptReasons: [
          { reason: 'missing-choice', requests: 2 },
          { reason: 'ttl', requests: 1 },
        ],
      });
    },
  );

  story('of what is in the air', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = beginStream;
    const asked = { body: chatRequest('sea', { stream: true }) };
    const live = await Promise.all([begin(proxy.url + CHAT, asked), begin(proxy.url + CHAT, asked)]);
    const call = await upstream.called(1);
    const [first = ''] = chatEventsWithUsage();
    call.response.write(first);
    for (const answer of live) await answer.receives(first.length);
    expect(Object.fromEntries(await scrape(proxy))).toMatchObject({
      refrain_flights: 1,
      refrain_listeners: 2,
      refrain_flight_bytes: first.length,
    });
    for (const event of chatEventsWithUsage().slice(1)) call.response.write(event);
    call.response.end();
    for (const answer of live) await answer.ended;
    await noted(proxy, 2);
    expect(Object.fromEntries(await scrape(proxy))).toMatchObject({
      refrain_flights: 0,
      refrain_listeners: 0,
      refrain_flight_bytes: 0,
      'refrain_requests_total{outcome="follow",endpoint="chat"}': 1,
    });
  });

  story('of a store that makes room, in memory and on disk', async ({ upstream, open, folder }) => {
    const proxy = await open({
      memory: { bytes: 64 * 1_024 },
      store: { path: join(folder, 'cache.sqlite'), bytes: 100_000 },
    });
    upstream.script = (call) => sendJson(call, chatAnswer('x'.repeat(20_000)));
    for (let question = 0; question < 12; question += 1) {
      await ask(proxy.url + CHAT, { body: chatRequest(`question ${question}`) });
      await proxy.app.store.size();
    }
    const series = await scrape(proxy);
    for (const [tier, most] of [
      ['memory', 64 * 1_024],
      ['sqlite', 100_000],
    ] as const) {
      const [entries = 0, evictions = 0] = ['entries', 'evictions_total'].map((name) =>
        series.get(`refrain_store_${name}{tier="${tier}"}`),
      );
      expect(entries, tier).toBeGreaterThan(0);
      expect(entries + evictions, tier).toBe(12);
      expect(series.get(`refrain_store_bytes{tier="${tier}"}`)).toBeLessThanOrEqual(most);
    }
    expect(series.get('refrain_file_up{file="store"}')).toBe(1);
    expect(series.get('refrain_file_up{file="ledger"}')).toBe(1);
  });

  story('are of one proxy each, where two are in one process', async ({ open }) => {
    const [busy, idle] = [await open(), await open()];
    await ask(busy.url + CHAT, { body: chatRequest() });
    await noted(busy, 1);
    expect([...(await scrape(busy)).keys()].some((name) => name.startsWith('refrain_requests_total'))).toBe(true);
    expect([...(await scrape(idle)).keys()].some((name) => name.startsWith('refrain_requests_total'))).toBe(false);
  });

  test('have a label for a hundred models, and one for all others', async () => {
    const metrics = newMetrics();
    for (let number = 0; number < 300; number += 1)
      metrics.observe({
        ...recordOf({ model: `model-${number}`, call: callOf({ input: 1, output: 0 }) }),
        dollars: null,
      });
    metrics.observe({ ...recordOf({ model: null, call: callOf({ input: 1 }) }), dollars: null });
    const series = [...seriesOf(await metrics.text())].filter(([name]) =>
      name.startsWith('refrain_unpriced_tokens_total'),
    );
    expect(series).toHaveLength(101);
    expect(Object.fromEntries(series)).toMatchObject({ 'refrain_unpriced_tokens_total{model="(other)"}': 201 });
  });

  test('have no line that a model could write', async () => {
    const metrics = newMetrics();
    metrics.observe({
      ...recordOf({ model: 'evil"} 1\nrefrain_flights 99\n# \\', call: callOf({ input: 1 }) }),
      dollars: 1,
    });
    const text = await metrics.text();
    expect(text).toContain('model="evil\\"} 1\\nrefrain_flights 99\\n# \\\\"');
    expect(text.split('\n').filter((line) => /^refrain_flights /.test(line))).toEqual(['refrain_flights 0']);
  });

  test('are all told, each with its help and its type', async () => {
    const text = await newMetrics().text();
    for (const { name, type, help } of listMetrics())
      expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
  });
});
