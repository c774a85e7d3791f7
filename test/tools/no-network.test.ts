/**
 * A replay where there is no network at all: in a network namespace of its own, which has loopback and no route.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { chatRequest } from '../harness/answers.ts';
import { processTest as test } from '../harness/process-harness.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

/** A command that asks a question that is recorded, then one that is not, and prints what came. */
const ASK = `(async () => {
  for (const content of ['What is the sea?', ...process.argv.slice(1)]) {
    const body = JSON.stringify({ ...${JSON.stringify(chatRequest())}, messages: [{ role: 'user', content }] });
    const answer = await fetch(process.env.OPENAI_BASE_URL + '/chat/completions', { method: 'POST', body });
    console.log(answer.status, answer.headers.get('x-cache'), (await answer.text()).length);
  }
})()`;

test('plays what is recorded, and refuses the rest, without an interface but loopback', async ({
  folder,
  upstream,
}) => {
  const cassette = [MAIN, 'run', '--cassette', join(folder, 'llm.cassette')];
  const asking = ['--', process.execPath, '-e', ASK];
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder };
  const live = { cwd: folder, env: { ...env, OPENAI_BASE_URL: `${upstream.url}/v1` } };
  const recorded = await run(process.execPath, [...cassette, ...asking], live);
  expect(recorded.stdout).toMatch(/^200 MISS \d+\n$/);

  const words = [process.execPath, ...cassette, '--offline', '--no-strict', ...asking, 'What is new?'];
  const inside = ['-rn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...words];
  const replayed = await run('unshare', inside, { cwd: folder, env });
  expect(replayed.stdout.split('\n').slice(0, 2)).toEqual([
    recorded.stdout.trim().replace('MISS', 'HIT'),
    expect.stringMatching(/^504 MISS /),
  ]);
  expect(replayed.stderr).toContain('1 unrecorded');
  expect(upstream.calls.length).toBe(1);
});
