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
// @ts-expect-error no such setting
createCachedFetch({ timeToLive: 1 });
// @ts-expect-error no such word
createCachedFetch({ onAbandon: 'perhaps' });
`;

/** The same for Node: two equal questions to an upstream of its own, and what was loaded for it. */
const SCRIPT = `
import { createServer } from 'node:http';
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
const { createCachedFetch, ...others } = await import('refrain');
const refused = await import('refrain/dist/app.js').catch(({ code }) => code);
let calls = 0;
const answer = JSON.stringify({ choices: [{ index: 0, message: { content: 'x' }, finish_reason: 'stop' }] });
const server = createServer((request, response) => {
  calls++;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
}).listen(0, '127.0.0.1', async () => {
  const url = 'http://127.0.0.1:' + server.address().port + '/v1';
  const cached = createCachedFetch({ baseURL: url, store: { path: 'kept/cache.sqlite' } });
  const ask = async () => {
    const init = { method: 'POST', body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] }) };
    return (await cached(url + '/chat/completions', init)).json();
  };
  const texts = [await ask(), await ask()].map(({ choices }) => choices[0].message.content);
  const { hits, misses } = cached.cache.info();
  await cached.close();
  server.close();
  server.closeAllConnections();
  console.log(JSON.stringify({ others: Object.keys(others), refused, calls, texts, hits, misses, loaded }));
});
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
    const compilerOptions = { strict: true, module: 'nodenext', noEmit: true, preserveSymlinks: true, ...options };
    const project = join(folder, 'tsconfig.json');
    writeFileSync(project, JSON.stringify({ compilerOptions, files: ['program.ts'] }));
    return run(TSC, ['-p', project]).then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout,
    );
  }

  for (const target of ['es2022', 'esnext']) {
    test(`with TypeScript's own library alone, for ${target}`, async () => {
      expect(await compile({ target, types: [], skipLibCheck: false })).toBe('');
    });
  }

  test("with Node's types in the place of the DOM's", async () => {
    link('@types/node', 'undici-types');
    expect(await compile({ target: 'es2022', lib: ['es2022'], types: ['node'], skipLibCheck: false })).toBe('');
  });

  test('and strict to the letter', async () => {
    const options = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true };
    expect(await compile({ target: 'esnext', types: [], skipLibCheck: false, ...options })).toBe('');
  });
});

describe('the package', { timeout: PATIENCE_MS }, () => {
  test('gives a cached fetch and nothing else, and loads no more than it needs', async () => {
    const { stdout } = await run(process.execPath, ['script.js'], { cwd: folder });
    const { loaded, ...told } = JSON.parse(stdout) as { loaded: string[] };
    expect(told).toEqual({
      others: [],
      refused: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
      calls: 1,
      texts: ['x', 'x'],
      hits: 1,
      misses: 1,
    });
    const packages = loaded.flatMap(
      (url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1] ?? [],
    );
    expect(packages).toContain('refrain');
    for (const name of ['express', 'commander', 'dotenv', 'helmet', 'prom-client', 'undici']) {
      expect(packages).not.toContain(name);
    }
    expect(loaded.filter((url) => /\/dist\/(http|admin|cli)\//.test(url))).toEqual([]);
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
