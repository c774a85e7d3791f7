import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { beginStream, chatRequest } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { processTest as test } from '../harness/process-harness.ts';

/** A command in the words of Node that asks by its environment, and prints what came. */
const ASK = `
const ask = async (body) => {
  const answer = await fetch(process.env.OPENAI_BASE_URL + '/chat/completions', {
    method: 'POST', body, headers: { authorization: 'Bearer ' + process.env.OPENAI_API_KEY },
  });
  await answer.text();
  console.log(answer.status, answer.headers.get('x-cache'));
};
`;
const QUESTION = JSON.stringify(JSON.stringify(chatRequest()));

const command = (script: string) => ['--', process.execPath, '-e', `${ASK}(async () => { ${script} })()`];

describe('refrain run', () => {
  test('replays what it has, and leaves standard output and the exit code to the command', async ({
    folder,
    upstream,
  }) => {
    const twice = command(`await ask(${QUESTION}); await ask(${QUESTION}); process.exit(7)`);
    const child = new Child(['run', ...twice], folder, {
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      OPENAI_API_KEY: 'mine',
    });
    expect(await child.exited).toEqual({ code: 7, signal: null });
    expect(child.stdout).toEqual(['200 MISS', '200 HIT']);
    const [notice, summary, ...others] = child.stderr.trimEnd().split('\n');
    expect(notice).toBe(`refrain: upstreams from the environment: OPENAI_BASE_URL (${upstream.url}/v1)`);
    expect(summary).toMatch(/^refrain: 1 hits, 1 misses, 0 unrecorded; saved \$0\.00 and \d+ m?s$/);
    expect(others).toEqual([]);
    expect(upstream.calls[0]?.url).toBe('/v1/chat/completions');
  });

  test('fails by itself where what was recorded cannot be written', async ({ folder, upstream }) => {
    writeFileSync(join(folder, 'file'), '');
    const flags = ['run', '--cassette', 'file/x.cassette', '--upstream', upstream.url];
    const child = new Child([...flags, ...command(`await ask(${QUESTION})`)], folder, {});
    expect(await child.exited).toEqual({ code: 125, signal: null });
    expect(child.stdout).toEqual(['200 MISS']);
    expect(child.stderr).toContain('what was recorded last is lost');
  });

  test('replays a cassette, and fails a command in CI that swallows what is not recorded', async ({
    folder,
    upstream,
  }) => {
    const flags = ['run', '--cassette', 'x.cassette', '--upstream', upstream.url];
    const recording = new Child([...flags, ...command(`await ask(${QUESTION})`)], folder, {});
    expect(await recording.exited).toEqual({ code: 0, signal: null });
    expect(recording.stderr).toMatch(/^refrain: 0 hits, 1 misses, 0 unrecorded; [^\n]+\n$/);
    const other = QUESTION.replace('the sea', 'the sky');
    const replaying = new Child([...flags, ...command(`await ask(${QUESTION}); await ask(${other})`)], folder, {
      CI: 'true',
    });
    expect(await replaying.exited).toEqual({ code: 3, signal: null });
    expect(replaying.stdout).toEqual(['200 HIT', '504 MISS']);
    const [summary, asked, nearest, ...others] = replaying.stderr.trimEnd().split('\n');
    expect(summary).toMatch(/^refrain: 1 hits, 0 misses, 1 unrecorded; /);
    expect(asked).toMatch(/^ {2}POST \/chat\/completions \S+ “What is the sky\?”: offline$/);
    expect(nearest).toMatch(/ differs at \/messages\/0\/content$/);
    expect(others).toEqual([]);
    expect(upstream.calls).toHaveLength(1);
  });

  test('passes a signal on, and ends by the code of what it did', async ({ folder, upstream }) => {
    upstream.script = (call) => beginStream(call);
    const script = `process.on('SIGTERM', () => process.exit(9)); await ask(${QUESTION})`;
    const child = new Child(['run', '--upstream', upstream.url, ...command(script)], folder, {});
    await upstream.called(1);
    child.signal('SIGTERM');
    expect(await child.exited).toEqual({ code: 9, signal: null });
  });

  test('is not taken for its command where it fails itself', async ({ folder }) => {
    const child = new Child(['run', '--ttl', 'soon', '--', 'true'], folder, {});
    expect(await child.exited).toEqual({ code: 125, signal: null });
    expect(child.stderr).toMatch(/^refrain: --ttl is "soon"; it may be [^\n]+\n$/);
  });
});
