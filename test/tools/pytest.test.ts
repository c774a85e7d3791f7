/**
 * The recipe for pytest, as docs/cassettes.md has it: recorded with OpenAI's client for Python, replayed offline.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Child } from '../harness/child.ts';
import { processTest as test } from '../harness/process-harness.ts';

const RECIPE = new URL('../../docs/cassettes.md', import.meta.url);

test('pytest records, and never calls out after that', async ({ folder, upstream }) => {
  const [, program = ''] = /```python\n(# tests\/[\s\S]*?)```/.exec(readFileSync(RECIPE, 'utf8')) ?? [];
  expect(program).toContain('OpenAI()');
  install(folder, ['-m', 'venv', 'python'], 'python3');
  install(folder, ['-m', 'pip', 'install', '--quiet', 'openai', 'pytest']);
  writeFileSync(join(folder, 'test_sea.py'), program);
  const pytest = async (environment: Record<string, string>, ...flags: string[]) => {
    const command = [join(folder, 'python/bin/python'), '-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'test_sea.py'];
    const child = new Child(['run', '--cassette', 'llm.cassette', ...flags, '--', ...command], folder, environment);
    const { code } = await child.exited;
    return { code, out: child.stdout.join('\n'), err: child.stderr };
  };

  const key = { OPENAI_API_KEY: 'mine' };
  const recorded = await pytest({ ...key, OPENAI_BASE_URL: `${upstream.url}/v1` });
  expect(recorded).toMatchObject({ code: 0, out: expect.stringContaining('1 passed') });
  expect(recorded.err).toContain('refrain: 0 hits, 1 misses, 0 unrecorded;');
  expect(upstream.calls).toHaveLength(1);

  const replayed = await pytest({ CI: 'true' });
  expect(replayed).toMatchObject({ code: 0, out: expect.stringContaining('1 passed') });
  expect(replayed.err).toContain('refrain: 1 hits, 0 misses, 0 unrecorded;');

  writeFileSync(join(folder, 'test_sea.py'), program.replace('the sea', 'the sky'));
  const changed = await pytest({}, '--offline');
  expect(changed).toMatchObject({ code: 1, out: expect.stringContaining('differs at /messages/0/content') });
  expect(changed.err).toContain('refrain: 0 hits, 0 misses, 1 unrecorded;');
  expect(changed.err).toContain('/messages/0/content');
  expect(upstream.calls).toHaveLength(1);
});

/** Runs Python in the folder: the one that is there, once it is. */
function install(folder: string, args: readonly string[], python = join(folder, 'python/bin/python')): void {
  const { status, stderr, error } = spawnSync(python, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${python} ${args.join(' ')}: ${error?.message ?? stderr}`);
}
