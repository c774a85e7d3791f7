/**
 * `refrain/vitest` in a project of its own, as docs/cassettes.md has it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { processTest } from '../harness/process-harness.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

interface Project {
  readonly write: (path: string, text: string) => void;
  /** Runs its tests. @returns all that vitest printed */
  readonly vitest: (environment?: Record<string, string>) => Promise<{ code: number; output: string }>;
}

const test = processTest.extend<{ project: Project }>({
  project: async ({ folder, upstream }, use) => {
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    write('package.json', '{"type":"module"}');
    // The package as it is in this checkout.
    write('node_modules/refrain/package.json', '{"type":"module","exports":{"./vitest":"./src/vitest/cassette.ts"}}');
    symlinkSync(join(ROOT, 'src'), join(folder, 'node_modules/refrain/src'));
    for (const name of ['vitest', 'openai'])
      symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
    await use({
      write,
      async vitest(environment = {}) {
        const { PATH = '' } = process.env;
        const child = spawn(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--no-color'], {
          cwd: folder,
          env: { PATH, OPENAI_BASE_URL: `${upstream.url}/v1`, OPENAI_API_KEY: 'mine', ...environment },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let output = '';
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text));
        const [code] = await once(child, 'close');
        return { code, output };
      },
    });
  },
});

const TOP = "import { cassette } from 'refrain/vitest';\nawait cassette();\n";

const asking = (top: string, ...questions: readonly string[]) => `${top}
import OpenAI from 'openai';
import { expect, test } from 'vitest';
const openai = new OpenAI();
const ask = (content) => openai.chat.completions.create({ model: 'm', messages: [{ role: 'user', content }] });
${questions
  .map((question) => `test('${question}', async () => expect((await ask('${question}')).choices).toHaveLength(1));`)
  .join('\n')}
test('swallows', () => ask(process.env.ODD ?? '${questions[0]}').catch(() => {}));
`;

describe('a test file', () => {
  test('has a cassette beside it, which is all that it needs in CI', async ({ project, upstream, folder }) => {
    project.write('some/sea.test.js', asking(TOP, 'sea', 'sky'));
    project.write('some/land.test.js', asking(TOP, 'land'));
    expect(await project.vitest()).toMatchObject({ code: 0 });
    for (const name of ['sea', 'land'])
      expect(existsSync(join(folder, `some/__cassettes__/${name}.test.js.cassette`)), name).toBe(true);
    expect(upstream.calls).toHaveLength(3);
    expect(existsSync(join(folder, '.refrain'))).toBe(false);

    const replayed = await project.vitest({ CI: 'true', OPENAI_API_KEY: '', OPENAI_BASE_URL: '' });
    expect(replayed, replayed.output).toMatchObject({ code: 0, output: expect.not.stringContaining('not used') });

    project.write('some/sea.test.js', asking(TOP, 'sea'));
    const less = await project.vitest({ CI: 'true' });
    expect(less.code).toBe(0);
    expect(less.output).toMatch(
      /not used by this test file.*\n\S+\/sea\.test\.js\.cassette:\d+ POST \/chat\/completions/,
    );

    const odd = await project.vitest({ CI: 'true', ODD: 'clouds' });
    expect(odd.code).toBe(1);
    expect(odd.output).toMatch(
      /1 unrecorded:\s+POST \/chat\/completions m “clouds”: offline\s+nearest is .*messages\/0\/content/,
    );
    expect(upstream.calls).toHaveLength(3);
  });

  test('may have it from a setup file', async ({ project, upstream, folder }) => {
    project.write('vitest.config.js', "export default { test: { setupFiles: ['./setup.js'] } };");
    project.write('setup.js', TOP);
    project.write('sea.test.js', asking('', 'sea'));
    expect(await project.vitest()).toMatchObject({ code: 0 });
    expect(existsSync(join(folder, '__cassettes__/sea.test.js.cassette'))).toBe(true);
    expect(upstream.calls).toHaveLength(1);
    expect(await project.vitest({ CI: 'true' })).toMatchObject({ code: 0 });
    expect(upstream.calls).toHaveLength(1);
  });
});
