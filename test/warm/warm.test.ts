import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpenAI } from 'openai';
import { describe, expect } from 'vitest';
import { warmCache } from '../../src/cli/warm.ts';
import { readCommand } from '../../src/config/command.ts';
import { recordOutput } from '../cli/recorder.ts';
import { CHAT, chatAnswer, chatEvents, chatRequest, sendJson, sendStream } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { ask } from '../harness/client.ts';
import { landed } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';
import type { Call } from '../harness/upstream.ts';

const KEY = { OPENAI_API_KEY: 'sk-warm' };

const lineOf = (customId: string, body: object = chatRequest(customId), url = CHAT) =>
  JSON.stringify({ custom_id: customId, method: 'POST', url, body });

interface Warmed {
  readonly code: number;
  readonly printed: string;
  readonly notes: string;
}

/** Runs the command in a folder with this file. */
async function warm(
  folder: string,
  lines: readonly string[],
  flags: readonly string[],
  env: Record<string, string> = KEY,
): Promise<Warmed> {
  writeFileSync(join(folder, 'in.jsonl'), lines.join('\n'));
  const command = readCommand({ argv: ['warm', 'in.jsonl', ...flags], env, cwd: folder });
  if (command.kind !== 'warm') throw new Error('it is another command');
  const output = recordOutput();
  const code = await warmCache(command, output);
  return { code, printed: output.printed.join('\n'), notes: output.notes.join('\n') };
}

const contentOf = ({ body }: Call): string => JSON.parse(body.toString()).messages[0].content;

describe('refrain warm', () => {
  story('asks the proxy that runs, and what an SDK asks later is a hit', async ({ upstream, open, folder }) => {
    const proxy = await open();
    upstream.script = (call) => {
      if (JSON.parse(call.body.toString()).stream) return sendStream(call, chatEvents());
      return sendJson(call, chatAnswer(contentOf(call)));
    };
    const port = new URL(proxy.url).port;
    const lines = [
      lineOf('a'),
      lineOf('b'),
      lineOf('s', chatRequest('s', { stream: true })),
      lineOf('a2', chatRequest('a')),
    ];
    const first = await warm(folder, lines, ['--port', port, '--output', 'out.jsonl', '--concurrency', '2'], {
      ...KEY,
      OPENAI_ORG_ID: 'org-1',
    });
    expect(first).toMatchObject({
      code: 0,
      printed: expect.stringContaining('asked 4 requests: 1 hit, 3 misses, 0 failures\n'),
    });
    expect(first.printed).toMatch(
      /^spent 16 tokens; saved 8 tokens\nproved: one of them, asked again, is a hit \([0-9a-f]{16}\)$/m,
    );
    expect(first.notes).toContain(`4 requests of ${join(folder, 'in.jsonl')}, asked of the proxy at ${proxy.url}`);
    expect(first.notes).toContain(
      'for the private scope of the credential in OPENAI_API_KEY with its openai-organization',
    );
    const client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: KEY.OPENAI_API_KEY, organization: 'org-1' });
    const { response } = await client.chat.completions
      .create({ model: 'gpt-test', messages: [{ role: 'user', content: 'b' }] })
      .withResponse();
    expect(response.headers.get('x-cache')).toBe('HIT');
    const results = readFileSync(join(folder, 'out.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(Object.fromEntries(results.map(({ custom_id, response: { body } }) => [custom_id, body]))).toEqual({
      a: JSON.parse(chatAnswer('a')),
      a2: JSON.parse(chatAnswer('a')),
      b: JSON.parse(chatAnswer('b')),
      s: chatEvents().join(''),
    });
    const calls = upstream.calls.length;
    const again = await warm(folder, lines, ['--url', `${proxy.url}/v1`, '--output', 'out.jsonl'], {
      ...KEY,
      OPENAI_ORG_ID: 'org-1',
    });
    expect(again.printed).toContain('asked 4 requests: 4 hits, 0 misses, 0 failures\nspent 0 tokens; saved');
    expect([upstream.calls.length, readFileSync(join(folder, 'out.jsonl'), 'utf8').split('\n').length]).toEqual([
      calls,
      5,
    ]);
  });

  story(
    'asks again what may come yet, no more at a time than it is told, and names what fails',
    async ({ upstream, open, folder }) => {
      const proxy = await open();
      let [atOnce, most] = [0, 0];
      const tries = new Map<string, number>();
      const failures: ((call: Call) => unknown)[] = [
        (call) => sendJson(call, '{}', 429, { 'retry-after-ms': '1' }),
        (call) => sendJson(call, '{}', 503, { 'retry-after': '0' }),
        (call) => call.response.destroy(),
      ];
      const answer = (call: Call) => {
        const content = contentOf(call);
        const before = tries.get(content) ?? 0;
        tries.set(content, before + 1);
        if (content === 'never') return sendJson(call, '{"error":{"message":"no \\u001b[31mwords"}}', 400);
        return (failures[before] ?? ((last: Call) => sendJson(last, chatAnswer(content))))(call);
      };
      upstream.script = async (call) => {
        most = Math.max(most, ++atOnce);
        await upstream.called(3);
        atOnce--;
        return answer(call);
      };
      const lines = [lineOf('never'), ...['a', 'b', 'c', 'd'].map((content) => lineOf(content))];
      const { code, printed, notes } = await warm(folder, lines, ['--url', proxy.url, '--concurrency', '3']);
      expect([code, most]).toEqual([1, 3]);
      expect(printed).toContain('asked 5 requests: 0 hits, 4 misses, 1 failure');
      expect(printed).toContain('proved: ');
      expect(notes).toContain('line 1 (never): status 400: no \\x1b[31mwords');
      expect(Object.fromEntries(tries)).toEqual({ never: 1, a: 4, b: 4, c: 4, d: 4 });
    },
  );

  story('says why nothing of it is a hit', async ({ upstream, open, folder }) => {
    const proxy = await open();
    upstream.script = (call) => sendJson(call, chatAnswer());
    const off = await warm(folder, [lineOf('a')], ['--url', proxy.url, '--header', 'x-refrain-cache: off']);
    expect(off).toMatchObject({ code: 1, printed: expect.stringContaining('1 answer that is never kept, 0 failures') });
    expect(off.notes).toContain('one of them, asked again, is no hit: refrain; fwd=bypass; detail=off');
    const none = await warm(folder, [lineOf('b')], ['--url', proxy.url, '--header', 'x-refrain-ttl:0']);
    expect([none.code, none.notes]).toEqual([1, expect.stringMatching(/is no hit: .*ttl/)]);
    await landed(proxy);
  });

  story(
    'asks under the key or the header that it is given, and asks no stranger',
    async ({ upstream, open, folder }) => {
      const proxy = await open();
      upstream.script = (call) => sendJson(call, chatAnswer());
      const shown = async (flags: readonly string[], env: Record<string, string>) => {
        await warm(folder, [lineOf(String(upstream.calls.length))], ['--url', proxy.url, ...flags], env);
        const { authorization = null, 'x-api-key': key = null } = upstream.calls.at(-1)?.headers ?? {};
        return [authorization, key];
      };
      expect(await shown([], KEY)).toEqual(['Bearer sk-warm', null]);
      expect(await shown(['--key-env', 'MY_KEY'], { ...KEY, MY_KEY: 'mine' })).toEqual(['Bearer mine', null]);
      expect(await shown(['--header', 'X-Api-Key: other'], KEY)).toEqual([null, 'other']);
      expect(await shown([], {})).toEqual([null, null]);
      const calls = upstream.calls.length;
      await expect(warm(folder, [lineOf('a')], ['--url', upstream.url])).rejects.toThrow('is no proxy of Refrain');
      const greetings = upstream.calls.slice(calls).map(({ method, headers }) => [method, headers.authorization]);
      expect(greetings).toEqual(Array(2).fill(['GET', undefined]));
      await expect(warm(folder, [lineOf('a')], ['--key-env', 'MY_KEY'])).rejects.toThrow(
        '--key-env names MY_KEY, which is not set',
      );
      await expect(warm(folder, [lineOf('a')], ['--header', 'sk-secret'])).rejects.toThrow(
        /^--header.* is set \(not shown\); it may be/,
      );
    },
  );

  story('asks the proxy around it, or else one of its own over the store', async ({ upstream, open, folder }) => {
    upstream.script = (call) => sendJson(call, chatAnswer());
    const around = await open();
    const env = { ...KEY, OPENAI_BASE_URL: `${around.url}/v1` };
    const flags = [
      '--upstream',
      `${upstream.url}/v1`,
      '--port',
      '0',
      '--admin-port',
      '0',
      '--store-path',
      'kept.sqlite',
    ];
    expect((await warm(folder, [lineOf('a')], flags, env)).notes).toContain(`the proxy at ${around.url}`);
    // One, and one for proof: what looks whether it is there is counted nowhere.
    expect(around.app.ledger.counts().requests).toBe(2);
    const own = await warm(folder, [lineOf('a')], flags);
    expect(own).toMatchObject({ code: 0, printed: expect.stringContaining('1 miss') });
    expect(own.notes).toContain(`a proxy of its own over ${join(folder, 'kept.sqlite')}`);
    expect(await warm(folder, [lineOf('a')], flags)).toMatchObject({
      code: 0,
      printed: expect.stringContaining('1 hit'),
    });
    const later = await open({ store: { path: join(folder, 'kept.sqlite') } });
    const headers = { authorization: 'Bearer sk-warm' };
    expect((await ask(later.url + CHAT, { body: chatRequest('a'), headers })).headers['x-cache']).toBe('HIT');
    expect(upstream.calls).toHaveLength(2);
  });

  story('ends at a signal once what is on the way is answered', async ({ upstream, open, folder }) => {
    const proxy = await open();
    upstream.script = () => {};
    writeFileSync(join(folder, 'in.jsonl'), ['a', 'b', 'c', 'd'].map((id) => lineOf(id)).join('\n'));
    const child = new Child(['warm', 'in.jsonl', '--url', proxy.url, '--concurrency', '2'], folder, KEY);
    await upstream.called(2);
    child.signal('SIGINT');
    await child.says('stopping once what is on the way is answered');
    for (const call of upstream.calls) sendJson(call, chatAnswer());
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(child.stdout[0]).toBe('stopped after 2 requests: 0 hits, 2 misses, 0 failures');
    expect(upstream.calls).toHaveLength(2);
    await until(() => proxy.app.admission.flights === 0);
  });
});
