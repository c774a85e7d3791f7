import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import type { EntryPage, ProxyBill } from '../../src/cli/proxy-data.ts';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { test } from '../cli/command.ts';

const KEY = 'sk-mine';
const chat = (api: string, content: string, headers: Record<string, string> = {}, more: object = {}) =>
  ask(api + CHAT, { body: chatRequest(content, more), headers: { authorization: `Bearer ${KEY}`, ...headers } });

describe('what a person looks for', () => {
  test('is found by its words, and the bill of a run by its tag', async ({ proxy, refrain, folder }) => {
    const { api, child } = await proxy();
    const run = { 'x-refrain-tags': 'run-7,nightly' };
    await chat(api, 'What is the sea?', run);
    await chat(api, 'What is the sea?', run);
    await chat(api, 'What is the land?', { 'x-refrain-tags': 'nightly' });
    await chat(api, 'Anything else?');

    expect((await refrain(['ls'])).out).toMatch(/ hits +question\n.* 0 +Anything else\?\n.* What is the land\?\n/);
    const bill = async (...flags: string[]) =>
      JSON.parse((await refrain(['stats', '--json', ...flags])).out) as ProxyBill;
    expect(await bill('--tag', 'run-7')).toMatchObject({ requests: 2, hits: 1, misses: 1, tag: 'run-7', node: null });
    expect(await bill('--tag', 'nightly', '--since', '1h')).toMatchObject({ requests: 3, hits: 1 });
    expect(await bill('--since', '1h')).toMatchObject({ requests: 4, seconds: 60 });
    expect(await bill('--model', 'gpt-test')).toMatchObject({ requests: 4, model: 'gpt-test' });
    const { entries } = JSON.parse((await refrain(['ls', '--json', '--text', 'sea'])).out) as EntryPage;
    expect(await bill('--scope', entries[0]?.scope ?? '')).toMatchObject({ requests: 4, scope: entries[0]?.scope });
    expect(await refrain(['stats', '--tag', 'x', '--model', 'y'])).toMatchObject({
      code: 2,
      err: 'refrain: The query is not accepted: tag: the sums are by model or by tag, not by both\n',
    });
    const { out } = await refrain(['stats', '--tag', 'run-7']);
    expect(out).toMatch(/^tag run-7\nrequests +2\n {2}hits +1\n[\s\S]*\nCounted from .* to .*, by the whole hour\.$/);

    const [key = ''] = entries.map((entry) => entry.key);
    const file = join(folder, 'mine.json');
    const headers = { authorization: `Bearer ${KEY}` };
    writeFileSync(file, JSON.stringify({ path: CHAT, headers, body: chatRequest('What is the sea?') }));
    expect(await refrain(['explain', file, key])).toMatchObject({ code: 0, err: '' });
    writeFileSync(file, `{"path":"${CHAT}","body":${JSON.stringify(chatRequest('What is the moon?'))}}`);
    const moon = await refrain(['explain', file, `${key.slice(0, 16)}.json`]);
    expect([moon.code, moon.out]).toEqual([
      1,
      expect.stringContaining('They share no answer: there is one difference'),
    ]);
    expect(moon.out).toContain('/body/messages/0/content');
    expect(await refrain(['explain', file, `${key.slice(0, 16)}.sse`])).toMatchObject({ code: 2, out: '' });
    expect(await refrain(['explain', file, '0'.repeat(16)])).toMatchObject({ code: 2, out: '' });

    // The same from the files, without a proxy.
    await child.end();
    expect(await bill('--tag', 'nightly')).toMatchObject({ requests: 3, hits: 1 });
    const offline = await refrain(['explain', file, key]);
    expect([offline.code, offline.out]).toEqual([1, moon.out.replace(`${key.slice(0, 16)}.json`, key)]);
    expect((await refrain(['ls'])).out).toContain('What is the land?');
    const nowhere = ['--store-path', join(folder, 'none.sqlite')];
    expect(await refrain(['explain', file, key, ...nowhere])).toMatchObject({ code: 2, out: '' });
  });

  test('is thrown away by its words, and what cannot be judged is told', async ({ proxy, refrain }) => {
    const { api } = await proxy(['--no-store-prompts']);
    await chat(api, 'What is the sea?');
    expect((await refrain(['ls'])).out).toMatch(/ hits +question\n.* 0 +-$/);
    const gone = '1 more could not be judged: no question is kept with it; --include-unjudged deletes it too';
    const kept = await refrain(['purge', '--text', 'sea']);
    expect(kept).toEqual({ code: 1, out: 'deleted 0 answers, 0 B', err: `refrain: ${gone}\n` });
    expect(await refrain(['purge', '--text', 'sea', '--include-unjudged'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^deleted 1 answer, /),
      err: '',
    });
    await chat(api, 'What is the sea?');
    expect(await refrain(['purge', '--newer-than', '1h'])).toMatchObject({ code: 0 });
    expect(await refrain(['completion', 'bash'])).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/complete .* refrain$/),
    });
  });
});

describe('of several workers', () => {
  test('one bill is made, and all throw away what one finds', async ({ proxy, refrain, upstream }) => {
    upstream.script = (call) => sendJson(call, chatAnswer(`answer ${upstream.calls.length}.`));
    const { api } = await proxy(['--workers', '2']);
    // Each on a connection of its own, so that both workers come to have a copy.
    const answersTo = async (content: string) => {
      const all: string[] = [];
      for (let at = 0; at < 6; at += 1) {
        const { text } = await chat(api, content, { 'connection': 'close', 'x-refrain-tags': 'run' });
        all.push(/answer \d+\./.exec(text)?.[0] ?? text);
      }
      return all;
    };
    const [sea, land] = [await answersTo('the sea'), await answersTo('the land')];
    const { requests } = JSON.parse((await refrain(['stats', '--tag', 'run', '--json'])).out) as ProxyBill;
    expect(requests).toBe(12);
    expect(await refrain(['purge', '--text', 'sea'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^deleted 1 answer, /),
      err: '',
    });
    expect(land).toContain((await answersTo('the land'))[0]);
    for (const answer of await answersTo('the sea')) expect(sea).not.toContain(answer);
  });
});

describe('refrain show --curl', () => {
  test('prints a command that asks the same', async ({ proxy, refrain, upstream }) => {
    const { api } = await proxy();
    const nasty = `it's "$HOME" \`id\` \\n \u001b[31m \u202e é \u{1f30a}\nREFRAIN\n$(id)`;
    await chat(api, nasty, { 'openai-beta': `it's $HOME` }, { temperature: 1.0 });
    expect((await chat(api, nasty, { 'openai-beta': `it's $HOME` }, { temperature: 1.0 })).headers['x-cache']).toBe(
      'HIT',
    );
    const { entries } = JSON.parse((await refrain(['ls', '--json'])).out) as EntryPage;
    const { code, out, err } = await refrain(['show', '--curl', entries[0]?.key.slice(0, 16) ?? '']);
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(out).not.toContain(KEY);
    expect(out).toContain('$OPENAI_API_KEY');
    const calls = upstream.calls.length;
    const sh = promisify(execFile)('sh', ['-c', out.replace('curl -gsS', 'curl -gsS -i')], {
      env: { PATH: process.env['PATH'], OPENAI_API_KEY: KEY },
    });
    const { stdout } = await sh;
    expect(stdout).toMatch(/^x-cache: HIT\r$/im);
    expect(stdout).toContain('"object":"chat.completion"');
    expect(upstream.calls.length).toBe(calls);
  });
});
