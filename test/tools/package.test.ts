/**
 * The package as a program gets it that depends on it: packed, unpacked, and
 * nothing beside it but what it depends on.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const ROOT = new URL('../..', import.meta.url).pathname;
const TSC = join(ROOT, 'node_modules/.bin/tsc');
const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** A compiler takes seconds, and more on a machine that is busy. */
const PATIENCE_MS = 120_000;

/** A program in TypeScript that uses all that the package has. */
const PROGRAM = `
import { type CachedFetch, type CachedFetchOptions, type CacheInfo, createCachedFetch } from 'refrain';
import { cassette, type FileCassette, type FileCassetteOptions } from 'refrain/vitest';

const options: CachedFetchOptions = {
  baseURL: 'https://api.openai.com/v1',
  upstreams: { local: 'http://127.0.0.1:8000/v1', other: { url: 'https://other.example/v1', dialect: 'engine' } },
  memory: { bytes: '64MiB' },
  store: { path: './cache.sqlite', bytes: 1e9 },
  ttl: 'inf',
  auth: { recheck: null },
};
export const cached: CachedFetch = createCachedFetch(options);
const plain: typeof fetch = cached;
export const response: Response = await plain('https://api.openai.com/v1/models');
const { hits, misses, maxsize, currsize, entries }: CacheInfo = cached.cache.info();
export const sum: number = hits + misses + maxsize + currsize + entries;
await cached.cache.clear();
{ await using another = createCachedFetch(); await another('https://api.openai.com/v1/models'); }
const recording: FileCassetteOptions = { record: 'sequence', env: ['GROQ_BASE_URL'], redact: ['/user'], strict: true };
export const taped: FileCassette = await cassette(recording);
export const base: string = taped.baseURL;
// @ts-expect-error no such option
await cassette({ name: 'x' });
// @ts-expect-error no such setting
createCachedFetch({ timeToLive: 1 });
// @ts-expect-error no such word
createCachedFetch({ onAbandon: 'perhaps' });
`;

/**
 * The same in JavaScript, which never closes it: two equal questions to an upstream of its own, and what was loaded for
 * them.
 */
const SCRIPT = `
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
const { createCachedFetch, ...others } = await import('refrain');
const refused = await import('refrain/dist/app.js').catch(({ code }) => code);
const answer = { choices: [{ index: 0, message: { content: 'x' }, finish_reason: 'stop' }] };
let calls = 0;
const fetch = async () => {
  calls++;
  return Response.json(answer);
};
const baseURL = 'https://upstream.test/v1';
const cached = createCachedFetch({ baseURL, fetch, store: { path: 'kept/cache.sqlite' } });
const ask = async () => {
  const init = { method: 'POST', body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] }) };
  return (await cached(baseURL + '/chat/completions', init)).json();
};
const texts = [await ask(), await ask()].map(({ choices }) => choices[0].message.content);
const { hits, misses } = cached.cache.info();
console.log(JSON.stringify({ others: Object.keys(others), refused, texts, calls, hits, misses, loaded }));
`;

let folder: string;

/** Makes packages of the repository resolvable to the program, by name. */
function link(...names: readonly string[]): void {
  for (const name of names) {
    const at = join(folder, 'node_modules', name);
    mkdirSync(dirname(at), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), at);
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'refrain-package-'));
  const staged = join(folder, 'staged');
  for (const name of ['package.json', 'README.md', 'LICENSE', 'config']) {
    cpSync(join(ROOT, name), join(staged, name), { recursive: true });
  }
  for (const project of ['build', 'types']) {
    await run(TSC, ['-p', join(ROOT, `config/tsconfig.${project}.json`), '--outDir', join(staged, 'dist')]);
  }
  const npm = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const [{ filename }] = JSON.parse((await run('npm', npm, { cwd: staged })).stdout) as [{ filename: string }];
  const installed = join(folder, 'node_modules/refrain');
  mkdirSync(installed, { recursive: true });
  await run('tar', ['xzf', join(folder, filename), '--strip-components=1', '-C', installed]);
  link(...Object.keys(PACKAGE.dependencies));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(folder, 'program.ts'), PROGRAM);
  writeFileSync(join(folder, 'script.js'), SCRIPT);
}, PATIENCE_MS);

afterAll(() => rm(folder, { recursive: true, force: true }), PATIENCE_MS);

describe('the types are whole', { timeout: PATIENCE_MS }, () => {
  /** @returns what the compiler says */
  async function compile(options: object): Promise<string> {
    const compilerOptions = {
      ...{ strict: true, module: 'nodenext', target: 'es2022', noEmit: true },
      ...{ skipLibCheck: false, preserveSymlinks: true },
      ...options,
    };
    const project = join(folder, 'tsconfig.json');
    writeFileSync(project, JSON.stringify({ compilerOptions, files: ['program.ts'] }));
    return run(TSC, ['-p', project]).then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout,
    );
  }

  test("with TypeScript's own library alone, strict to the letter", async () => {
    const options = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true };
    expect(await compile({ types: [], ...options })).toBe('');
  });

  test("with Node's types in the place of the DOM's", async () => {
    link('@types/node', 'undici-types');
    expect(await compile({ lib: ['es2022'], types: ['node'] })).toBe('');
  });
});

describe('the package', { timeout: PATIENCE_MS }, () => {
  async function runScript(): Promise<{ readonly loaded: readonly string[]; readonly told: object }> {
    const { loaded, ...told } = JSON.parse((await run(process.execPath, ['script.js'], { cwd: folder })).stdout);
    return { loaded, told };
  }

  test('gives a cached fetch and nothing else, and loads no more than it needs', async () => {
    const { loaded, told } = await runScript();
    expect(told).toMatchObject({ others: [], refused: 'ERR_PACKAGE_PATH_NOT_EXPORTED', texts: ['x', 'x'] });
    expect(told).toMatchObject({ calls: 1, hits: 1, misses: 1 });
    const packages = loaded.flatMap(
      (url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1] ?? [],
    );
    expect(packages).toContain('refrain');
    for (const name of ['express', 'commander', 'dotenv', 'helmet', 'prom-client', 'undici']) {
      expect(packages).not.toContain(name);
    }
    expect(loaded.filter((url) => /\/dist\/(http|admin|cli)\//.test(url))).toEqual([]);
  });

  test('has written to its file what a program keeps that ends without a word', async () => {
    await runScript();
    expect((await runScript()).told).toMatchObject({ texts: ['x', 'x'], calls: 0, hits: 2, misses: 0 });
  });

  test('still is a program', async () => {
    const main = join(folder, 'node_modules/refrain', PACKAGE.bin.refrain);
    expect((await run(process.execPath, [main, '--version'], { cwd: folder })).stdout.trim()).toBe(
      `refrain ${PACKAGE.version}`,
    );
  });

  test('says where its code comes from', () => {
    const file = join(folder, 'node_modules/refrain/dist/fetch/cached-fetch.js.map');
    const { sourcesContent } = JSON.parse(readFileSync(file, 'utf8')) as { sourcesContent: string[] };
    expect(sourcesContent).toEqual([readFileSync(join(ROOT, 'src/fetch/cached-fetch.ts'), 'utf8')]);
  });
});
