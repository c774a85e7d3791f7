/**
 * The recipe for evaluations, as docs/recipes.md has it, with OpenAI's client for Python: run twice, and by one that
 * has its own samples.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { chatAnswer, sendJson } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { processTest as test } from '../harness/process-harness.ts';

const RECIPE = new URL('../../docs/recipes.md', import.meta.url);
const SHOWN = '\nprint([answer.choices[0].message.content for answer in answers])\n';

test('an evaluation has its samples, and the next run has the same', async ({ folder, upstream }) => {
  const [, recipe = ''] = /## Evaluations[\s\S]*?```python\n([\s\S]*?)```/.exec(readFileSync(RECIPE, 'utf8')) ?? [];
  expect(recipe).toContain('"x-refrain-samples": "5"');
  python(folder, ['-m', 'venv', 'python'], 'python3');
  python(folder, ['-m', 'pip', 'install', '--quiet', 'openai']);
  upstream.script = (call) => sendJson(call, chatAnswer(`${upstream.calls.length}`));

  const flags = ['--port', '0', '--admin-port', '0', '--upstream', `${upstream.url}/v1`];
  const child = new Child(flags, folder, {});
  try {
    const { api } = await child.ready();
    const run = async (lines = recipe) => {
      const there = lines.replace('http://127.0.0.1:4747', api);
      const environment = { ...process.env, OPENAI_API_KEY: 'mine' };
      const program = spawn(join(folder, 'python/bin/python'), ['-c', there + SHOWN], { env: environment });
      const [out, err] = await Promise.all([text(program.stdout), text(program.stderr)]);
      expect(err).toBe('');
      return out.trim();
    };
    expect(await run()).toBe("['1', '2', '3', '4', '5']");
    expect(await run()).toBe("['1', '2', '3', '4', '5']");
    expect(upstream.calls).toHaveLength(5);
    const own = recipe.replace('"x-refrain-samples": "5"', '"x-refrain-samples": "5", "x-refrain-variant": "run-2"');
    expect(await run(own)).toBe("['6', '7', '8', '9', '10']");
    expect(await run()).toBe("['1', '2', '3', '4', '5']");
  } finally {
    await child.end();
  }
});

/** Runs Python in the folder: the one that is there, once it is. */
function python(folder: string, args: readonly string[], command = join(folder, 'python/bin/python')): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
}
