import { describe, expect } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { recorded, recordsOf } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';
import { faultsIn } from '../admin/schema.ts';

describe('x-refrain-tags', () => {
  const body = chatRequest('x');

  story('label what a miss stores, each once, and go no further', async ({ open, upstream }) => {
    const proxy = await open();
    await ask(proxy.url + CHAT, { body, headers: { 'x-refrain-tags': ['b, a', 'b,c:1'] } });
    const page = await proxy.app.store.list({ filter: { tag: 'c:1' }, sort: 'newest', limit: 5, after: null });
    expect(page?.rows.map(({ label }) => label?.tags)).toEqual([['b', 'a', 'c:1']]);
    expect(upstream.calls[0]?.headers).not.toHaveProperty('x-refrain-tags');
  });

  story('are no part of the key: the first to ask labels the answer', async ({ open, upstream }) => {
    const proxy = await open();
    const words = [];
    for (const tags of ['a', 'b', undefined])
      words.push(
        (await ask(proxy.url + CHAT, { body, headers: tags === undefined ? {} : { 'x-refrain-tags': tags } })).headers[
          'x-cache'
        ],
      );
    expect(words).toEqual(['MISS', 'HIT', 'HIT']);
    expect(upstream.calls).toHaveLength(1);
    const tagged = async (tag: string) => (await proxy.app.store.count({ tag }))?.entries;
    expect([await tagged('a'), await tagged('b')]).toEqual([1, 0]);
    await ask(proxy.url + CHAT, { body, headers: { 'x-refrain-tags': 'b', 'cache-control': 'no-cache' } });
    expect([await tagged('a'), await tagged('b')]).toEqual([0, 1]);
  });

  story('may be 16, of 64 characters each', async ({ open }) => {
    const proxy = await open();
    const tags = Array.from({ length: 16 }, (_, index) => `${index}`.padEnd(64, 'x'));
    expect((await ask(proxy.url + CHAT, { body, headers: { 'x-refrain-tags': tags.join(' , ') } })).status).toBe(200);
    expect((await proxy.app.store.count({ tag: tags[15] as string }))?.entries).toBe(1);
  });
});

describe('the tags of a request', () => {
  story('are in its event and its usage record, also of a hit and a bypass', async ({ open }) => {
    const proxy = await open();
    const records = recordsOf(proxy);
    const live = await begin(`${proxy.adminUrl}/events`);
    const tagged = { 'x-refrain-tags': 'run, nightly,run' };
    for (const headers of [tagged, tagged, { ...tagged, 'cache-control': 'no-store' }, {}])
      await ask(proxy.url + CHAT, { body: chatRequest(), headers });
    await recorded(records, 4);
    expect(records.map(({ outcome, tags }) => [outcome, tags])).toEqual([
      ['miss', ['run', 'nightly']],
      ['hit', ['run', 'nightly']],
      ['bypass', ['run', 'nightly']],
      ['hit', []],
    ]);
    await until(() => (live.received.toString().match(/^data: /gm)?.length ?? 0) === 4);
    const events = [...live.received.toString().matchAll(/^data: (.*)$/gm)].map(([, text = '']) => JSON.parse(text));
    expect(events.map(({ tags }) => tags.length)).toEqual([2, 2, 2, 0]);
    for (const event of events) expect(faultsIn('Event', event)).toEqual([]);
    live.hangUp();
  });
});
