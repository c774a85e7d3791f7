/**
 * docs/recipes.md as it stands, and the README's first steps: each block is run, or is named here with the reason why
 * it is not; what the text says of it is what happens.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { answerAll, chatAnswer, sendJson } from '../harness/answers.ts';
import { processTest } from '../harness/process-harness.ts';
import { type Block, Kitchen, recipesOf } from './recipe.ts';

const documentOf = (path: string) => recipesOf(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));

const RECIPES = documentOf('docs/recipes.md');

const NOT_RUN: Readonly<Record<string, string>> = {
  'Deploy it': 'it needs an engine for containers; the files are checked by their own tools',
};

/** The program that stands for the reader's tests. */
const ASKING = `
import OpenAI from 'openai';
await new OpenAI().chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'What is the sea?' }] });
`;

const PROXY: Block = { language: 'sh', text: 'exec refrain' };

const python = mkdtempSync(join(tmpdir(), 'refrain-python-'));

beforeAll(() => {
  install('python3', ['-m', 'venv', python]);
  install(join(python, 'bin/python'), ['-m', 'pip', 'install', '--quiet', 'openai']);
});

afterAll(() => rmSync(python, { recursive: true, force: true }));

const test = processTest.extend<{ kitchen: Kitchen }>({
  kitchen: async ({ folder, upstream }, use) => {
    upstream.script = (call) => {
      if (!call.url.endsWith('/chat/completions')) return answerAll(call);
      const { model } = JSON.parse(call.body.toString());
      const usage = { prompt_tokens: 1_840, completion_tokens: 260, total_tokens: 2_100 };
      return sendJson(call, chatAnswer(`${upstream.calls.length}`, { model, usage }));
    };
    const kitchen = await Kitchen.open(folder, `${upstream.url}/v1`, python);
    await use(kitchen);
    await kitchen.close();
  },
});

const followed = new Map<string, number>();

/** The blocks of a recipe, which this test is to run, all of them. */
function recipe(heading: string, count: number): readonly Block[] {
  const blocks = RECIPES.get(heading) ?? [];
  expect(blocks, heading).toHaveLength(count);
  followed.set(heading, count);
  return blocks;
}

interface Settings {
  readonly settings: readonly { readonly path: string; readonly value: unknown }[];
}

const OK = { code: 0, err: '' };

test('Point a client at it', async ({ kitchen, upstream }) => {
  const [program, curl] = recipe('Point a client at it', 2) as [Block, Block];
  await kitchen.start(PROXY);
  expect(await kitchen.run(program)).toEqual({ ...OK, out: 'MISS 1\n' });
  expect(await kitchen.run(program)).toEqual({ ...OK, out: 'HIT 1\n' });
  const asked = await kitchen.run(curl);
  expect(asked).toMatchObject({ code: 0, out: expect.stringMatching(/^x-cache: HIT\r$/m) });
  expect(upstream.calls).toHaveLength(1);
});

test('Clear a prompt', async ({ kitchen, upstream }) => {
  const [clear, one] = recipe('Clear a prompt', 2) as [Block, Block];
  const [, curl] = RECIPES.get('Point a client at it') as readonly [Block, Block];
  await kitchen.start(PROXY);
  await kitchen.run(curl);
  const cleared = await kitchen.run(clear);
  expect(cleared).toMatchObject({ code: 0, out: expect.stringContaining('What is the sea?') });
  expect(cleared.out).toMatch(/would delete 1 answer, .*\ndeleted 1 answer, /);
  expect((await kitchen.run(curl)).out).toMatch(/^x-cache: MISS\r$/m);

  const shown = await kitchen.run(one);
  expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('What is the sea?') });
  expect((await kitchen.run(curl)).out).toMatch(/^x-cache: MISS\r$/m);
  expect(upstream.calls).toHaveLength(3);
});

test('Explain a miss', async ({ kitchen }) => {
  const [miss, compare, kept] = recipe('Explain a miss', 3) as [Block, Block, Block];
  const [, curl] = RECIPES.get('Point a client at it') as readonly [Block, Block];
  await kitchen.start(PROXY);
  const [, key] = /^x-refrain-key: (\w+)\r$/m.exec((await kitchen.run(curl)).out) ?? [];
  const why = `x-refrain-why: nearest=${key}; at="/body/messages/0/content"; differences=1`;
  expect((await kitchen.run(miss)).out).toContain(why);
  const compared = await kitchen.run(compare);
  expect(compared).toMatchObject({ code: 1, out: expect.stringContaining('key.ignore=default,/trace') });
  expect(compared.out).toContain('  /body/trace\n');
  const differing = await kitchen.run(kept);
  expect(differing).toMatchObject({ code: 1, out: expect.stringContaining('/body/messages/0') });
  expect(differing.out).toContain(key);
});

test("A run's bill", async ({ kitchen, upstream }) => {
  const [program, bill] = recipe("A run's bill", 2) as [Block, Block];
  await kitchen.start(PROXY);
  expect(await kitchen.run(program)).toEqual({ ...OK, out: '' });
  expect(upstream.calls).toHaveLength(2);
  const { out, code } = await kitchen.run(bill);
  expect(code).toBe(0);
  const [table = '', json] = out.split(/^(?=\{)/m);
  expect(table).toMatch(/^tag nightly-12 *\nrequests +3\n {2}hits +1\n/);
  expect(table).toMatch(/^dollars saved +\$0\.0004$/m);
  expect(table).toMatch(/^dollars spent +\$0\.0009$/m);
  expect(JSON.parse(json ?? '')).toMatchObject({ model: 'gpt-4o-mini', requests: 3, hits: 1 });
});

test('Watch it work', async ({ kitchen }) => {
  const [watch] = recipe('Watch it work', 1) as [Block];
  await kitchen.start(PROXY);
  expect(await kitchen.start(watch)).toMatch(/requests\/s {2}hit rate/);
});

test('Test suites and CI', async ({ kitchen, upstream }) => {
  const [runs] = recipe('Test suites and CI', 1) as [Block];
  kitchen.write('ask.js', ASKING);
  kitchen.write('test/.gitkeep', '');
  const { code, err } = await kitchen.run(runs);
  expect(err).toMatch(/refrain: 0 hits, 1 misses, 0 unrecorded;[\s\S]*refrain: 1 hits, 0 misses, 0 unrecorded;/);
  expect(code).toBe(0);
  expect(upstream.calls).toHaveLength(1);
});

test('Evaluations', async ({ kitchen, upstream }) => {
  const [program, keeping] = recipe('Evaluations', 2) as [Block, Block];
  await kitchen.start(PROXY);
  const first = { ...OK, out: "['1', '2', '3', '4', '5']\n" };
  expect(await kitchen.run(program)).toEqual(first);
  expect(await kitchen.run(program)).toEqual(first);
  expect(upstream.calls).toHaveLength(5);
  const samples = '"x-refrain-samples": "5"';
  const own = program.text.replace(samples, `${samples}, "x-refrain-variant": "run-2"`);
  expect(await kitchen.run({ ...program, text: own })).toEqual({ ...OK, out: "['6', '7', '8', '9', '10']\n" });
  expect(await kitchen.run(program)).toEqual(first);

  const { out, code } = await kitchen.run(keeping);
  expect([code, out.match(/Name a sea\./g)?.length]).toEqual([0, 10]);
  expect(out).toMatch(/^tag eval-7 *\nrequests +20\n {2}hits +10\n/m);
  expect(out).toMatch(/^deleted 10 answers, /m);
});

test('Warming', async ({ kitchen, upstream }) => {
  const [warm] = recipe('Warming', 1) as [Block];
  await kitchen.start(PROXY);
  expect(await kitchen.run(warm)).toMatchObject({ code: 0 });
  const answers = readFileSync(join(kitchen.folder, 'answers.jsonl'), 'utf8').trim().split('\n');
  expect(answers.map((line) => JSON.parse(line).custom_id).toSorted()).toEqual(['sea', 'sky']);
  expect(await kitchen.run(warm)).toMatchObject({ code: 0 });
  expect(upstream.calls).toHaveLength(2);
});

/** The settings of a recipe, by the proxy's own account. */
test.for([
  ['Anthropic', 0, { upstream: 'https://api.anthropic.com/v1' }],
  ['A team', 0, { host: '0.0.0.0', 'scope.shared': 'team', 'scope.members': ['*'] }],
  ['Local models and gateways', 0, { upstream: 'http://127.0.0.1:11434/v1', dialect: 'engine' }],
  ['Local models and gateways', 1, { upstream: 'https://openrouter.ai/api/v1' }],
  ['Stale answers', 0, { ttl: 3_600, 'stale.revalidate': 600, 'stale.error': 86_400 }],
] as const)('%s: block %i starts a proxy', async ([heading, at, settings], { kitchen }) => {
  const blocks = recipe(heading, heading.startsWith('Local') ? 3 : 1);
  expect(await kitchen.start(blocks[at] as Block)).toMatch(/^refrain ready /);
  if (heading === 'A team') return expect((await fetch(`${kitchen.admin}/settings`)).status).toBe(401);
  const said = (await (await fetch(`${kitchen.admin}/settings`)).json()) as Settings;
  const values = Object.fromEntries(said.settings.map(({ path, value }) => [path, value]));
  expect(values).toMatchObject(settings);
});

test('Local models and gateways: doctor', async ({ kitchen }) => {
  const [, , doctor] = recipe('Local models and gateways', 3) as [Block, Block, Block];
  await kitchen.start(PROXY);
  expect(await kitchen.run(doctor)).toMatchObject({ out: expect.stringContaining('running proxy'), err: '' });
});

test('In the same process', async ({ kitchen, upstream }) => {
  const [program] = recipe('In the same process', 1) as [Block];
  const { out, err, code } = await kitchen.run(program, { OPENAI_BASE_URL: `${upstream.url}/v1` });
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('hits: 1, misses: 1,');
  expect(upstream.calls).toHaveLength(1);
});

test('The first steps of the README', async ({ kitchen, upstream }) => {
  const blocks = documentOf('README.md').get('Point your client at it') as readonly [Block, Block, Block];
  expect(blocks.map(({ language }) => language)).toEqual(['ts', 'python', 'sh']);
  const [client, program, commands] = blocks;
  await kitchen.start(PROXY);
  expect(await kitchen.run(client)).toEqual({ ...OK, out: '' });
  expect(await kitchen.run(program)).toEqual({ ...OK, out: 'MISS 1\n' });
  expect(await kitchen.run(program)).toEqual({ ...OK, out: 'HIT 1\n' });
  const { out, code } = await kitchen.run(commands);
  expect(code).toBe(0);
  expect(out).toMatch(/^tag first-run *\nrequests +2\n {2}hits +1\n/);
  expect(out).toMatch(/ What is the sea\?\ndeleted 1 answer, /);
  expect(await kitchen.run(program)).toEqual({ ...OK, out: 'MISS 2\n' });
  expect(upstream.calls).toHaveLength(2);
});

test('every recipe with a block is followed, or says why not', () => {
  const withBlocks = [...RECIPES].filter(([, blocks]) => blocks.length > 0).map(([heading]) => heading);
  expect([...followed.keys(), ...Object.keys(NOT_RUN)].toSorted()).toEqual(withBlocks.toSorted());
});

function install(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
}
