import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { connect, NEWEST } from '../harness/sdk.ts';
import { story } from '../harness/story.ts';
import { CheckedAdminClient, type Refusal } from './checked-client.ts';

/** Asks as a program does, with tags or whatever else it sends. */
async function chat(
  { url }: Proxy,
  content: string,
  headers: Record<string, string> = {},
  model = 'gpt-test',
): Promise<string> {
  const { response } = await connect(NEWEST, `${url}/v1`)
    .chat.completions.create({ model, messages: [{ role: 'user', content }] }, { headers })
    .withResponse();
  return response.headers.get('x-refrain-key') as string;
}

for (const [where, store] of [
  ['memory', {}],
  ['the file', 'path'],
] as const) {
  const settings = (folder: string) => ({ store: store === 'path' ? { path: join(folder, 'cache.sqlite') } : {} });

  describe(`of what is kept in ${where}`, () => {
    story('GET /entries tells model, endpoint, scope, tags, age and hits', async ({ open, folder }) => {
      const clock = createTestClock();
      const proxy = await open(settings(folder), clock);
      const admin = new CheckedAdminClient(proxy.adminUrl);
      expect(await admin.list()).toEqual({ status: 200, value: { entries: [], next: null } });
      const key = await chat(proxy, 'first', { 'x-refrain-tags': 'nightly, run:7', 'x-refrain-ttl': '60' });
      clock.advance(5_000);
      for (let hit = 0; hit < 3; hit += 1) await chat(proxy, 'first');
      await chat(proxy, 'second', { 'x-refrain-ttl': 'inf' }, 'gpt-other');
      await connect(NEWEST, `${proxy.url}/v1`).embeddings.create({
        model: 'embed-test',
        input: ['sea', 'salt'],
        encoding_format: 'float',
      });
      const rows = await admin.rows();
      expect(rows.map(({ model, endpoint, hits }) => [model, endpoint, hits])).toEqual([
        ['embed-test', 'embeddings', 0],
        ['embed-test', 'embeddings', 0],
        ['gpt-other', 'chat', 0],
        ['gpt-test', 'chat', 3],
      ]);
      const [, , second, first] = rows;
      expect(first).toMatchObject({
        key: expect.stringMatching(new RegExp(`^${key}[0-9a-f]{48}\\.json$`)),
        form: 'json',
        scope: expect.stringMatching(/^private:[0-9a-f]{12}$/),
        tags: ['nightly', 'run:7'],
        storedAt: '2026-01-01T00:00:00.000Z',
        expiresAt: '2026-01-01T00:01:00.000Z',
        age: 5,
        tier: 'memory',
      });
      expect(second).toMatchObject({ expiresAt: null, tags: [] });
    });

    story('GET /entries filters and sorts', async ({ open, upstream, folder }) => {
      const clock = createTestClock();
      const proxy = await open(settings(folder), clock);
      const admin = new CheckedAdminClient(proxy.adminUrl);
      upstream.script = (call) =>
        sendJson(call, chatAnswer('.'.repeat(call.body.toString().includes('large') ? 5_000 : 10)));
      await chat(proxy, 'a large question', { 'x-refrain-tags': 'x' });
      clock.advance(10_000);
      await chat(proxy, 'a used question', {}, 'gpt-other');
      await chat(proxy, 'a used question', {}, 'gpt-other');
      clock.advance(10_000);
      await ask(proxy.url + CHAT, { body: chatRequest('of another'), headers: { authorization: 'Bearer another' } });
      const prompts = async (query: Record<string, string | number>) => {
        const entries = await Promise.all((await admin.rows(query)).map(({ key }) => admin.show(key)));
        return entries.map(({ request }) => JSON.parse(request?.body ?? '').messages[0].content);
      };
      const [large, used, other] = ['a large question', 'a used question', 'of another'];
      expect(await prompts({})).toEqual([other, used, large]);
      expect((await prompts({ sort: 'largest' }))[0]).toBe(large);
      expect((await prompts({ sort: 'most-used' }))[0]).toBe(used);
      expect(await prompts({ model: 'gpt-other' })).toEqual([used]);
      expect(await prompts({ endpoint: 'responses' })).toEqual([]);
      expect(await prompts({ tag: 'x' })).toEqual([large]);
      expect(await prompts({ text: 'question' })).toEqual([used, large]);
      expect(await prompts({ olderThan: 15 })).toEqual([large]);
      expect(await prompts({ newerThan: 15 })).toEqual([other, used]);
      expect(await prompts({ minBytes: 5_000 })).toEqual([large]);
      expect(await prompts({ maxBytes: 5_000 })).toEqual([other, used]);
      const [row] = await admin.rows();
      expect(await prompts({ scope: row?.scope ?? '' })).toEqual([other]);
    });

    story('pages through entries that come and go', async ({ open, folder }) => {
      const proxy = await open(settings(folder));
      const admin = new CheckedAdminClient(proxy.adminUrl);
      const first: string[] = [];
      for (let index = 0; index < 12; index += 1) first.push(await chat(proxy, `question ${index}`));
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const { value } = await admin.list({ limit: 3, ...(cursor ? { cursor } : {}) });
        seen.push(...value.entries.map(({ key }) => key.slice(0, 16)));
        cursor = value.next;
        await chat(proxy, `new at ${seen.length}`);
        await admin.ask('DELETE', `/entries/${first[seen.length % 12]}`);
      } while (cursor);
      expect(new Set(seen).size).toBe(seen.length);
      const left = (await admin.rows({ limit: 500 })).map(({ key }) => key.slice(0, 16));
      for (const key of first.filter((one) => left.includes(one))) expect(seen).toContain(key);
    });

    story('GET /entries/{key} tells what was asked and what was answered', async ({ open, folder }) => {
      const proxy = await open(settings(folder));
      const admin = new CheckedAdminClient(proxy.adminUrl);
      await ask(`${proxy.url + CHAT}?b=2&a=1`, {
        body: chatRequest('海 "🌊"\n', { seed: 7 }),
        headers: { 'x-lab': '1', authorization: 'Bearer sk-secret' },
      });
      const [row] = await admin.rows();
      const entry = await admin.show(row?.key.slice(0, 16) ?? '');
      expect(entry).toMatchObject(row as object);
      expect(entry.request).toMatchObject({
        method: 'POST',
        path: '/v1/chat/completions',
        query: 'a=1&b=2',
        headers: { 'x-lab': '1' },
      });
      expect(JSON.parse(entry.request?.body ?? '')).toEqual(chatRequest('海 "🌊"\n', { seed: 7, store: undefined }));
      expect(entry.answer).toMatchObject({ status: 200, body: chatAnswer(), encoding: 'utf8' });
      expect(entry.answer.headers.map(([name]) => name.toLowerCase())).toContain('x-request-id');
      expect(JSON.stringify(entry)).not.toContain('sk-secret');
      expect((await admin.rows())[0]?.hits).toBe(0);
    });

    story('DELETE /entries/{key} throws away that alone', async ({ open, upstream, folder }) => {
      const proxy = await open(settings(folder));
      const admin = new CheckedAdminClient(proxy.adminUrl);
      const key = await chat(proxy, 'first');
      await chat(proxy, 'second');
      const [, row] = await admin.rows();
      expect(await admin.ask('DELETE', `/entries/${key}.json`)).toEqual({
        status: 200,
        value: { entries: 1, bytes: row?.bytes },
      });
      expect(await admin.rows()).toHaveLength(1);
      await chat(proxy, 'second');
      expect(upstream.calls).toHaveLength(2);
      await chat(proxy, 'first');
      expect(upstream.calls).toHaveLength(3);
    });

    story('a key that fits several must say which', async ({ open, folder }) => {
      const proxy = await open({ ...settings(folder), forms: 'exact' });
      const admin = new CheckedAdminClient(proxy.adminUrl);
      const {
        headers: { 'x-refrain-key': key },
      } = await ask(proxy.url + CHAT, { body: chatRequest('x') });
      await ask(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) });
      const { status, value } = await admin.ask<Refusal>('GET', `/entries/${key}`);
      expect([status, value.error.code]).toEqual([409, 'ambiguous_key']);
      expect(value.error.message).toMatch(new RegExp(`${key}[0-9a-f]{48}\\.json, ${key}[0-9a-f]{48}\\.sse`));
      expect((await admin.ask('DELETE', `/entries/${key}`)).status).toBe(409);
      expect((await admin.show(`${key}.sse`)).form).toBe('sse');
      expect((await admin.show(`${key}.sse`)).answer.body).toContain('data: [DONE]');
    });
  });
}

story('what is not to be kept is not told', async ({ open }) => {
  const proxy = await open({ store: { prompts: false } });
  const admin = new CheckedAdminClient(proxy.adminUrl);
  const key = await chat(proxy, 'a secret');
  expect(await admin.show(key)).toMatchObject({ model: 'gpt-test', request: null });
  expect(await admin.rows({ text: 'secret' })).toEqual([]);
});

story('a body that is no text comes as base64', async ({ open, upstream }) => {
  const proxy = await open();
  const body = Buffer.concat([
    Buffer.from(chatAnswer().slice(0, -1)),
    Buffer.from(',"x":"'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}'),
  ]);
  upstream.script = ({ response }) => void response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  const key = await chat(proxy, 'bytes');
  const { answer } = await new CheckedAdminClient(proxy.adminUrl).show(key);
  expect([answer.encoding, answer.body]).toEqual(['base64', body.toString('base64')]);
});

for (const key of [
  '0123456789abcdef',
  'abc',
  `${'a'.repeat(65)}`,
  '..%2f..%2fetc%2fpasswd',
  '0123456789ABCDEF',
  `0123456789abcdef.${'%00'}`,
  '%',
  "0123456789abcdef' OR 1=1 --",
]) {
  story(`there is no entry ${key.slice(0, 40)}`, async ({ open }) => {
    const proxy = await open();
    await chat(proxy, 'x');
    const { status, value } = await new CheckedAdminClient(proxy.adminUrl).ask<Refusal>('GET', `/entries/${key}`);
    expect([status, value.error.code]).toEqual([404, key === '%' ? 'unknown_route' : 'unknown_entry']);
  });
}

for (const [param, query] of [
  ['sort', 'sort=oldest'],
  ['limit', 'limit=0'],
  ['limit', 'limit=501'],
  ['limit', 'limit=ten'],
  ['endpoint', 'endpoint=images'],
  ['scope', 'scope=all'],
  ['scope', 'scope=private:'],
  ['tag', 'tag=a%20b'],
  ['olderThan', 'olderThan=-1'],
  ['minBytes', 'minBytes=1e9'],
  ['model', 'model=a&model=b'],
  ['model', 'model='],
  ['"modell"', 'modell=x'],
  ['"__proto__"', '__proto__=x'],
  ['text', `text=${'x'.repeat(1_025)}`],
] as const) {
  story(`GET /entries refuses ${query.slice(0, 30)}`, async ({ open }) => {
    const proxy = await open();
    const { status, value } = await new CheckedAdminClient(proxy.adminUrl).ask<Refusal>('GET', `/entries?${query}`);
    expect([status, value.error.code, value.error.param]).toEqual([400, 'invalid_query', param]);
  });
}

story('a cursor that was tampered with is refused or harmless', async ({ open }) => {
  const proxy = await open();
  const admin = new CheckedAdminClient(proxy.adminUrl);
  for (let index = 0; index < 3; index += 1) await chat(proxy, `question ${index}`);
  const {
    value: { next },
  } = await admin.list({ limit: 1 });
  const write = (place: unknown) => Buffer.from(JSON.stringify(place)).toString('base64url');
  const forged = [
    `${next}=`,
    `${next}A`,
    'null',
    '%00',
    '../../etc/passwd',
    write(['newest', -1, 1]),
    write(['newest', 1.5, 1]),
    write(['newest', '1', 1]),
    write(['newest', 1, 1, 1]),
    write({}),
    write(['newest', Infinity, 1]),
    write(['newest', '1) OR (1=1', 1]),
    write(['oldest', 1, 1]),
    'x'.repeat(201),
  ];
  for (const cursor of forged) expect((await admin.list({ cursor })).status, cursor).toBe(400);
  expect((await admin.list({ cursor: next ?? '', sort: 'largest' })).status).toBe(400);
  for (const place of [
    ['newest', 0, 0],
    ['newest', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])
    expect((await admin.list({ cursor: write(place) })).status).toBe(200);
  for (let at = 0; at < (next?.length ?? 0); at += 1) {
    const { status } = await admin.list({
      cursor: `${next?.slice(0, at)}${next?.[at] === 'A' ? 'B' : 'A'}${next?.slice(at + 1)}`,
    });
    expect([200, 400]).toContain(status);
  }
});
