/**
 * Evaluations by the tools of others, recorded once and replayed without a call: promptfoo and Inspect.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { chatAnswer, sendJson } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { type ProcessHarness, processTest as test } from '../harness/process-harness.ts';

const exec = promisify(execFile);

const QUESTIONS = ['What is the sea?', 'What is the sky?'];

/**
 * Runs an evaluation twice, the second time offline with another key.
 * @returns what it told the second time
 */
async function evaluateTwice({ folder, upstream }: ProcessHarness, command: readonly string[]): Promise<string> {
  upstream.script = (call) => {
    const { messages } = JSON.parse(call.body.toString());
    sendJson(call, chatAnswer(`You asked: ${messages.at(-1).content}`));
  };
  const evaluate = async (key: string, base: string, ...flags: string[]) => {
    const environment = {
      HOME: folder,
      OPENAI_API_KEY: key,
      OPENAI_BASE_URL: base,
      PROMPTFOO_CONFIG_DIR: join(folder, key),
      PROMPTFOO_CACHE_ENABLED: 'false',
      PROMPTFOO_DISABLE_TELEMETRY: '1',
      PROMPTFOO_DISABLE_UPDATE: '1',
    };
    const words = ['run', '--cassette', 'llm.cassette', ...flags, '--', ...command];
    const child = new Child(words, folder, environment);
    const { code } = await child.exited;
    expect([code, child.stderr], child.stdout.join('\n')).toEqual([0, expect.stringContaining('refrain: ')]);
    return { err: child.stderr, out: child.stdout.join('\n') };
  };
  const live = await evaluate('one', `${upstream.url}/v1`);
  expect(live.err).toContain('refrain: 0 hits, 2 misses, 0 unrecorded;');
  const asked = upstream.calls.map(({ body }) => JSON.parse(body.toString()).messages[0].content);
  expect(asked.toSorted()).toEqual(QUESTIONS);
  const replayed = await evaluate('other', 'https://nowhere.invalid/v1', '--offline', '--strict');
  expect(replayed.err).toContain('refrain: 2 hits, 0 misses, 0 unrecorded;');
  expect(upstream.calls).toHaveLength(2);
  return replayed.out;
}

test('promptfoo', async ({ folder, upstream }) => {
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  writeFileSync(join(tools, 'package.json'), '{"private":true}');
  // With those that it calls optional: its database is one of them.
  await exec('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', 'promptfoo'], { cwd: tools });
  const evaluation = {
    prompts: ['What is {{thing}}?'],
    providers: ['openai:chat:gpt-4o-mini'],
    tests: ['the sea', 'the sky'].map((thing) => ({
      vars: { thing },
      assert: [{ type: 'equals', value: `You asked: What is ${thing}?` }],
    })),
  };
  writeFileSync(join(folder, 'promptfooconfig.json'), JSON.stringify(evaluation));
  const promptfoo = join(tools, 'node_modules/.bin/promptfoo');
  await evaluateTwice({ folder, upstream }, [promptfoo, 'eval', '-c', 'promptfooconfig.json', '-o', 'out.json']);
  const { results } = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'));
  expect(results.stats).toMatchObject({ successes: 2, failures: 0, errors: 0 });
});

test('inspect', async ({ folder, upstream }) => {
  await exec('python3', ['-m', 'venv', join(folder, 'python')]);
  const bin = join(folder, 'python/bin');
  await exec(join(bin, 'python'), ['-m', 'pip', 'install', '--quiet', 'inspect-ai', 'openai']);
  const task = `
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import exact
from inspect_ai.solver import generate

@task
def asked():
    questions = ${JSON.stringify(QUESTIONS)}
    samples = [Sample(input=question, target="You asked: " + question) for question in questions]
    return Task(dataset=samples, solver=generate(), scorer=exact())
`;
  writeFileSync(join(folder, 'asked.py'), task);
  const words = [join(bin, 'inspect'), 'eval', 'asked.py', '--model', 'openai/gpt-4o-mini', '--display', 'plain'];
  expect(await evaluateTwice({ folder, upstream }, words)).toMatch(/mean\s+1\.000/);
});
