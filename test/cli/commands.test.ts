import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { EntryJson } from '../../src/admin/entry-json.ts';
import type { EntryPage, ProxyStats } from '../../src/cli/proxy-data.ts';
import { CHAT, chatAnswer, chatEvents, chatRequest, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { connect, NEWEST } from '../harness/sdk.ts';
import { test } from './command.ts';

/** The requests of an everyday program: one question twice, one as a stream, and an embedding. */
async function traffic(api: string): Promise<void> {
  const client = connect(NEWEST, `${api}/v1`, { defaultHeaders: { 'x-refrain-form': 'exact' } });
  const question = { model: 'gpt-test', messages: [{ role: 'user' as const, content: 'What is the sea?' }] };
  await client.chat.completions.create(question);
  await client.chat.completions.create(question);
  for await (const _ of await client.chat.completions.create({ ...question, stream: true })) continue;
  await client.embeddings.create({ model: 'embed-test', input: 'salt', encoding_format: 'float' });
}

const CONTROLS = /(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe('a proxy that runs', () => {
  test('tells what it saved', async ({ proxy, refrain }) => {
    const { api, admin } = await proxy();
    await traffic(api);
    expect((await refrain(['stats'])).out).not.toMatch(/^why/m);
    await ask(api + CHAT, { body: chatRequest(), headers: { 'cache-control': 'no-store' } });
    await ask(api + CHAT, { body: chatRequest('another'), headers: { 'x-refrain-ttl': '0' } });
    const { code, out, err } = await refrain(['stats', '--json']);
    const stats = JSON.parse(out) as ProxyStats;
    expect([code, err, stats]).toEqual([0, '', JSON.parse((await ask(`${admin}/stats`)).text)]);
    expect(stats.periods.today).toMatchObject({ requests: 6, hits: 1, misses: 4, bypasses: 1, hitRate: 0.2 });
    const { out: table } = await refrain(['stats']);
    expect(table).toMatch(/^ +today +7 days +all$/m);
    expect(table).toMatch(/^requests +6 +6 +6$/m);
    expect(table).toMatch(/^hit rate +20\.0% +20\.0% +20\.0%$/m);
    expect(table).toMatch(/^tokens saved +8 +8 +8$/m);
    expect(table).toMatch(/^gpt-test \* +5 +25\.0% +8 +- +- +\d+(\.\d)?m?s$/m);
    expect(table).toMatch(/^why +today +7 days +all\nbypass: no-store +1 +1 +1\nnot kept: ttl +1 +1 +1\n\n/m);
    expect(table).toContain('* has no price in config/prices.json');
    expect(table).toMatch(/^Memory, since the start: 1 hits?, /m);
  });

  test('tells what keeps requests from hitting', async ({ proxy, refrain }) => {
    const { api } = await proxy();
    for (let time = 0; time < 21; time += 1)
      await ask(api + CHAT, { body: chatRequest(), headers: { 'cache-control': 'no-store' } });
    expect((await refrain(['stats'])).out).toMatch(
      /^Hint: Cache-Control: no-store kept 21 requests from hitting; it is the wish of the client, and obeyed\.\n\n/m,
    );
    expect(JSON.parse((await refrain(['stats', '--json'])).out).hints).toMatchObject([
      { about: 'no-store', requests: 21 },
    ]);
  });

  test('lists what it keeps', async ({ proxy, refrain }) => {
    const { api } = await proxy();
    await traffic(api);
    const list = async (...flags: string[]) =>
      (JSON.parse((await refrain(['ls', '--json', ...flags])).out) as EntryPage).entries.map(
        ({ endpoint, form }) => `${endpoint} ${form}`,
      );
    expect(await list()).toEqual(['embeddings json', 'chat sse', 'chat json']);
    expect(await list('--model', 'gpt-test')).toEqual(['chat sse', 'chat json']);
    expect(await list('--endpoint', 'embeddings')).toEqual(['embeddings json']);
    expect(await list('--text', 'the sea')).toEqual(['chat sse', 'chat json']);
    expect(await list('--sort', 'most-used', '--limit', '1')).toEqual(['chat json']);
    expect(await list('--older-than', '1h')).toEqual([]);
    expect(await list('--newer-than', '1h', '--max-bytes', '1')).toEqual([]);
    const { code, out, err } = await refrain(['ls', '--limit', '2']);
    expect([code, out.split('\n').length]).toEqual([0, 3]);
    expect(out).toMatch(/^[0-9a-f]{16}\.sse +gpt-test +chat +private:[0-9a-f]{12} .* B|KiB +\d/m);
    const [, cursor = ''] = /^there are more: go on with --cursor (\S+), or raise --limit\n$/.exec(err) ?? [];
    expect(await list('--cursor', cursor)).toEqual(['chat json']);
    expect(await refrain(['ls', '--model', 'other'])).toEqual({
      code: 0,
      out: '',
      err: 'no answer that is kept fits\n',
    });
  });

  test('shows an answer with its question, and deletes it', async ({ proxy, refrain, upstream }) => {
    const { api } = await proxy();
    await traffic(api);
    const { headers } = await ask(api + CHAT, {
      body: chatRequest('shown', { temperature: 1.0, big: 9007199254740993n.toString() }),
      headers: { 'x-refrain-tags': 'a,b' },
    });
    const key = String(headers['x-refrain-key']);
    const { code, out } = await refrain(['show', key]);
    expect(code).toBe(0);
    expect(out).toMatch(/^model +gpt-test$/m);
    expect(out).toMatch(/^tags +a, b$/m);
    expect(out).toMatch(/^call +5 input tokens \(0 cached\), 3 output \(0 reasoning\); /m);
    expect(out).toMatch(/^POST \/v1\/chat\/completions$/m);
    expect(out).toContain('"content": "shown"');
    expect(out).toContain('"content": "Salt water."');
    const detail = JSON.parse((await refrain(['show', key, '--json'])).out) as EntryJson;
    expect(detail.answer).toMatchObject({ status: 200, body: chatAnswer(), encoding: 'utf8' });
    expect(await refrain(['rm', key])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^deleted [0-9a-f]{16}, /),
    });
    expect(await refrain(['show', key])).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/^refrain: [^\n]+\n$/),
    });
    expect(await refrain(['rm', key])).toMatchObject({ code: 1, out: '' });
    const calls = upstream.calls.length;
    await ask(api + CHAT, { body: chatRequest('shown', { temperature: 1.0, big: 9007199254740993n.toString() }) });
    expect(upstream.calls.length).toBe(calls + 1);
  });

  test('shows a stream as it was sent', async ({ proxy, refrain }) => {
    const { api } = await proxy();
    const { headers } = await ask(api + CHAT, { body: chatRequest('x', { stream: true }) });
    const { out } = await refrain(['show', `${headers['x-refrain-key']}.sse`]);
    expect(out.endsWith(chatEvents().join('').trimEnd())).toBe(true);
  });

  test('deletes what is chosen, and nothing without being told to', async ({ proxy, refrain }) => {
    const { api } = await proxy();
    await traffic(api);
    expect(await refrain(['purge', '--model', 'gpt-test'])).toEqual({
      code: 2,
      out: '',
      err: expect.stringMatching(/^refrain: this would delete 2 answers, .*; say --yes, or --dry-run\n$/),
    });
    expect(await refrain(['purge', '--model', 'gpt-test', '--dry-run'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^would delete 2 answers, /),
    });
    expect(JSON.parse((await refrain(['purge', '--model', 'gpt-test', '--yes', '--json'])).out)).toMatchObject({
      entries: 2,
      flights: 0,
      dryRun: false,
    });
    expect((JSON.parse((await refrain(['ls', '--json'])).out) as EntryPage).entries.map(({ model }) => model)).toEqual([
      'embed-test',
    ]);
    expect(await refrain(['purge', '--all'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^deleted 1 answer, /),
    });
  });

  test('asks for its token', async ({ proxy, refrain }) => {
    const { api } = await proxy(['--admin-token', 'sekret']);
    await traffic(api);
    expect(await refrain(['stats'])).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/^refrain: [^\n]+REFRAIN_ADMIN_TOKEN\n$/),
    });
    for (const command of [['stats'], ['ls'], ['purge', '--all', '--yes']]) {
      expect(await refrain(command, { REFRAIN_ADMIN_TOKEN: 'sekret' }), command.join(' ')).toMatchObject({
        code: 0,
        err: '',
      });
    }
  });

  test('sends nothing of a prompt, an answer or a model that moves a terminal', async ({
    proxy,
    refrain,
    upstream,
    folder,
  }) => {
    const hostile = '\u001b[2J\u001b]52;c;eA==\u0007\u009b31m\u202e\r\b<script>';
    upstream.script = (call) =>
      sendJson(call, chatAnswer(hostile, { [hostile.replaceAll(/[\r\b]/g, '')]: hostile }), 200, {
        'openai-version': '\u009b31m',
      });
    const { api, child } = await proxy();
    const { headers } = await ask(api + CHAT, { body: chatRequest(hostile, { model: hostile }) });
    const key = String(headers['x-refrain-key']);
    const commands = [['ls'], ['ls', '--json'], ['show', key], ['show', key, '--json'], ['stats'], ['stats', '--json']];
    const runAll = async () => {
      const results = [];
      for (const command of commands) results.push(await refrain(command));
      return results;
    };
    const running = await runAll();
    child.signal('SIGTERM');
    await child.exited;
    for (const [at, { code, out, err }] of [...running, ...(await runAll())].entries()) {
      const name = commands[at % commands.length]?.join(' ');
      expect(code, name).toBe(0);
      expect(CONTROLS.test(out + err), name).toBe(false);
      expect(out, name).toMatch(/\\x1b\[2J|\\u001b\[2J/);
    }
    expect(readdirSync(folder)).toContain('.refrain');
  });
});

describe('without a proxy', () => {
  /** Every file below the store's directory, with its bytes and the time of its last change. */
  const snapshot = (folder: string) => {
    const path = join(folder, '.refrain');
    return readdirSync(path)
      .sort()
      .map((name) => [name, readFileSync(join(path, name)).toString('base64'), statSync(join(path, name)).mtimeMs]);
  };

  test('its files say the same, and are left as they are', async ({ proxy, refrain, folder }) => {
    const { api, admin, child } = await proxy();
    await traffic(api);
    const { headers } = await ask(api + CHAT, { body: chatRequest('shown') });
    const key = String(headers['x-refrain-key']);
    const list = ['ls', '--json', '--model', 'gpt-test', '--sort', 'largest'];
    const before = {
      rows: JSON.parse((await refrain(list)).out) as EntryPage,
      detail: JSON.parse((await refrain(['show', key, '--json'])).out) as EntryJson,
    };
    child.signal('SIGTERM');
    await child.exited;
    const files = snapshot(folder);
    const store = join(folder, '.refrain', 'cache.sqlite');
    const rows = await refrain(list);
    expect([rows.code, rows.err]).toEqual([0, `refrain: no proxy runs at ${admin}; reading ${store}\n`]);
    const stable = ({
      key: name,
      form,
      model,
      endpoint,
      scope,
      tags,
      bytes,
      hits,
      storedAt,
      expiresAt,
      call,
    }: EntryPage['entries'][number]) => ({
      name,
      form,
      model,
      endpoint,
      scope,
      tags,
      bytes,
      hits,
      storedAt,
      expiresAt,
      call,
    });
    expect((JSON.parse(rows.out) as EntryPage).entries.map(stable)).toEqual(
      before.rows.entries.map((row) => ({ ...stable(row), bytes: expect.any(Number) })),
    );
    const detail = JSON.parse((await refrain(['show', key, '--json'])).out) as EntryJson;
    expect([detail.request, detail.answer]).toEqual([before.detail.request, before.detail.answer]);
    const stats = await refrain(['stats', '--json']);
    expect(JSON.parse(stats.out)).toMatchObject({ periods: { all: { requests: 5, hits: 1, misses: 4 } } });
    expect(stats.err).toBe(
      `refrain: no proxy runs at ${admin}; reading ${join(folder, '.refrain', 'ledger.sqlite')}\n`,
    );
    expect(await refrain(['show', '0'.repeat(16)])).toMatchObject({ code: 1, out: '' });
    for (const command of [
      ['rm', key],
      ['purge', '--all', '--yes'],
    ]) {
      expect(await refrain(command)).toEqual({
        code: 1,
        out: '',
        err: `refrain: no proxy runs at ${admin}, and this needs one; start it, or say where it is with --url\n`,
      });
    }
    expect(snapshot(folder)).toEqual(files);
  });

  test('files of one that was killed are read with what it wrote last', async ({ proxy, refrain }) => {
    const { api, child } = await proxy();
    await traffic(api);
    // Asked for a list, the proxy has written down what it had.
    await refrain(['ls']);
    child.signal('SIGKILL');
    await child.exited;
    expect((JSON.parse((await refrain(['ls', '--json'])).out) as EntryPage).entries).toHaveLength(3);
  });

  test('and without files there is nothing to read', async ({ refrain, folder }) => {
    for (const command of [['stats'], ['ls'], ['show', '0'.repeat(16)]]) {
      const { code, out, err } = await refrain([...command, '--admin-port', '1']);
      expect([code, out]).toEqual([1, '']);
      expect(err).toMatch(/^refrain: no proxy runs at http:\/\/127\.0\.0\.1:1[^\n]*\n$/);
    }
    expect(await refrain(['ls', '--url', 'http://127.0.0.1:1'])).toEqual({
      code: 1,
      out: '',
      err: 'refrain: no proxy runs at http://127.0.0.1:1\n',
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});
