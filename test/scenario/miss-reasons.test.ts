/**
 * The reason of a miss: one word in its usage record, the series and the metrics.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, errorAnswer, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { type Proxy, recorded, recordsOf } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';

const KEY = { authorization: 'Bearer sk-1' };

/** Asks, and gives the outcome and reason of each request since. */
function asking(proxy: Proxy) {
  const records = recordsOf(proxy);
  let count = 0;
  return async (headers: Record<string, string> = {}, content = 'a') => {
    await ask(proxy.url + CHAT, { body: chatRequest(content), headers });
    await recorded(records, (count += 1));
    const { outcome, reason } = records[count - 1] as (typeof records)[number];
    return reason ?? outcome;
  };
}

describe('the reason of a miss', () => {
  story('says what became of the entry', async ({ open }) => {
    const clock = createTestClock();
    const proxy = await open({ ttl: 100 }, clock);
    const asked = asking(proxy);
    expect([await asked(), await asked()]).toEqual(['new', 'hit']);
    clock.advance(50_000);
    expect(await asked({ 'cache-control': 'max-age=10' })).toBe('max-age');
    clock.advance(101_000);
    expect([await asked(), await asked()]).toEqual(['expired', 'hit']);
    expect(await asked({ 'cache-control': 'no-cache' })).toBe('refresh');
    await ask(`${proxy.adminUrl}/purge`, { body: { all: true } });
    expect(await asked()).toBe('new');
    expect(await asked({ 'cache-control': 'no-store' })).toBe('bypass');
    const { text } = await ask(`${proxy.adminUrl}/metrics`);
    for (const [reason, count] of Object.entries({ new: 2, 'max-age': 1, expired: 1, refresh: 1 }))
      expect(text).toContain(`refrain_misses_total{reason="${reason}"} ${count}\n`);
    const series = JSON.parse((await ask(`${proxy.adminUrl}/stats?series=hour`)).text);
    expect(series.reasons).toEqual({ 'new': [2], 'max-age': [1], 'expired': [1], 'refresh': [1] });
    expect(series.bypassReasons).toEqual({ 'no-store': [1] });
  });

  story('says why the answer before was not kept', async ({ upstream, open }) => {
    const asked = asking(await open());
    upstream.script = (call) => sendJson(call, errorAnswer('no'), 500);
    expect([await asked(), await asked()]).toEqual(['new', 'not-kept-status']);
    upstream.script = (call) => sendJson(call, chatAnswer());
    expect([await asked(), await asked()]).toEqual(['not-kept-status', 'hit']);
  });

  story('says what the upstream said of the credential', async ({ upstream, open }) => {
    const clock = createTestClock();
    const asked = asking(await open({ ttl: 86_400 }, clock));
    expect([await asked(KEY), await asked(KEY)]).toEqual(['new', 'hit']);
    clock.advance(3_600_000);
    expect([await asked(KEY), await asked(KEY, 'b')]).toEqual(['recheck', 'new']);
    upstream.script = (call) => sendJson(call, errorAnswer('no'), 401);
    expect([await asked(KEY, 'c'), await asked(KEY)]).toEqual(['new', 'revoked']);
  });

  story('says that answers vary', async ({ upstream, open }) => {
    const asked = asking(await open({ dialect: 'openai' }));
    upstream.script = (call) => sendJson(call, chatAnswer(), 200, { vary: 'user-agent' });
    expect([await asked({ 'user-agent': 'a' }), await asked({ 'user-agent': 'b' })]).toEqual(['new', 'vary']);
    expect(await asked({ 'user-agent': 'b' })).toBe('hit');
  });

  story('says that the store cannot be read', async ({ folder, open }) => {
    const file = join(folder, 'no-folder');
    writeFileSync(file, '');
    const asked = asking(await open({ memory: { bytes: 0 }, store: { path: join(file, 'cache.sqlite') } }));
    expect([await asked(), await asked({}, 'b')]).toEqual(['store-down', 'store-down']);
  });
});
