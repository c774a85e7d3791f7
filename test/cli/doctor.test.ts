import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished } from 'vitest';
import type { Finding } from '../../src/cli/finding.ts';
import { STORE_MARK } from '../../src/store/sqlite-mark.ts';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { type Cast, test } from './command.ts';

interface Diagnosis {
  readonly code: number | null;
  readonly ok: boolean;
  readonly checks: readonly Finding[];
  /** What one look found. */
  of(check: string): Finding | undefined;
}

async function diagnose({ refrain, upstream }: Pick<Cast, 'refrain' | 'upstream'>, flags: readonly string[] = [], environment: Record<string, string> = {}): Promise<Diagnosis> {
  const { code, out, err } = await refrain(['doctor', '--json', '--port', '0', '--admin-port', '0', '--upstream', `${upstream.url}/v1`, ...flags], environment);
  expect(err).toBe('');
  const { ok, checks } = JSON.parse(out);
  return { code, ok, checks, of: (name) => checks.find(({ check }: Finding) => check === name) };
}

/** A server that is none of ours. */
async function strangerOn(answer: string | null): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    if (answer !== null) socket.once('data', () => socket.end(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function putDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

describe('refrain doctor', () => {
  test('finds nothing wrong where nothing is, and changes nothing', async ({ refrain, upstream, folder }) => {
    const { code, ok, checks } = await diagnose({ refrain, upstream });
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect([code, ok]).toEqual([0, true]);
    expect(checks.map(({ check }) => check)).toEqual([
      'settings', 'Node', 'variables', "operator's door", 'API port', 'admin port', 'proxy', 'upstream', 'clock', 'store file', 'store directory', 'disk space',
      'books file', 'secret', 'file modes',
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('tells people in a line each, without colours where no terminal is', async ({ refrain, upstream }) => {
    const { out } = await refrain(['doctor', '--port', '0', '--upstream', `${upstream.url}/v1`, '--store-path', 'off']);
    expect(out).toContain('ok       settings         valid, 3 not by default\n                          port = "0", from --port\n');
    expect(out.split('\n').filter((line) => !/^(ok|warning|failure| {26}\S)/.test(line))).toEqual([]);
    expect(out).not.toContain('\u001b');
  });

  test('asks the upstream without credentials, and takes any answer for one', async ({ refrain, upstream }) => {
    upstream.script = ({ response }) => response.writeHead(401).end();
    const { of } = await diagnose({ refrain, upstream }, [], { OPENAI_API_KEY: 'sk-secret', REFRAIN_ADMIN_TOKEN: 'secret' });
    expect(of('upstream')).toMatchObject({ state: 'ok', says: `${upstream.url}/v1 answers (status 401 to GET /models without credentials)` });
    expect(upstream.calls.map(({ method, url }) => [method, url])).toEqual([['GET', '/v1/models']]);
    expect(JSON.stringify(upstream.calls[0]?.headers)).not.toMatch(/secret|authorization/);
  });

  test('says which upstream does not answer, and what to do', async ({ refrain, upstream, folder }) => {
    writeFileSync(join(folder, 'named.json'), '{"upstreams":{"gone":"http://127.0.0.1:1/v1"}}');
    const { code, of } = await diagnose({ refrain, upstream }, ['--config', 'named.json']);
    expect(code).toBe(1);
    expect(of('upstream')).toMatchObject({ state: 'ok' });
    expect(of('upstream gone')).toMatchObject({ state: 'failure', says: 'http://127.0.0.1:1/v1 does not answer (ECONNREFUSED)', advice: expect.stringContaining('--upstream') });
  });

  test('waits for nobody for more than five seconds', async ({ refrain, upstream }) => {
    const port = await strangerOn(null);
    const began = performance.now();
    const { of } = await diagnose({ refrain, upstream }, ['--upstream', `http://127.0.0.1:${port}/v1`, '--port', String(port)]);
    expect(performance.now() - began).toBeLessThan(12_000);
    expect(of('upstream')).toMatchObject({ state: 'failure' });
    expect(of('API port')).toMatchObject({ state: 'failure', says: `${port} is taken by something that is no Refrain` });
  });

  test('knows a Refrain that runs from something else', async ({ refrain, upstream, proxy }) => {
    const { api, admin } = await proxy();
    const [apiPort, adminPort] = [new URL(api).port, new URL(admin).port];
    const running = await diagnose({ refrain, upstream }, ['--port', apiPort, '--admin-port', adminPort]);
    expect(running.of('API port')).toMatchObject({ state: 'ok', says: `${apiPort} is taken by a Refrain that runs` });
    expect(running.of('admin port')).toMatchObject({ state: 'ok', says: `${adminPort} is taken by a Refrain that runs` });
    expect(running.code).toBe(0);
    expect(JSON.parse((await ask(`${admin}/stats`)).text).periods.all.requests).toBe(0);
    const stranger = String(await strangerOn('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'));
    const taken = await diagnose({ refrain, upstream }, ['--port', stranger, '--admin-port', stranger]);
    for (const check of ['API port', 'admin port']) expect(taken.of(check)).toMatchObject({ state: 'failure', says: `${stranger} is taken by something that is no Refrain` });
    expect(upstream.calls.filter(({ url }) => url !== '/v1/models')).toEqual([]);
  });

  test('tells of settings that cannot be used, of who gave the others, and of no secret', async ({ refrain, upstream }) => {
    const { of, ...all } = await diagnose({ refrain, upstream }, ['--admin-host', '0.0.0.0'], {
      REFRAIN_ADMIN_TOKEN: 'canary', HTTPS_PROXY: 'http://me:canary@127.0.0.1:1', NO_PROXY: '127.0.0.1', REFRAIN_PROT: '1',
    });
    expect(of('settings')?.details).toContain('admin.token = set (not shown), from REFRAIN_ADMIN_TOKEN');
    expect(of("operator's door")).toMatchObject({ state: 'warning', says: expect.stringContaining('0.0.0.0 is open to other machines') });
    expect(of('variables')).toMatchObject({ state: 'warning', says: 'no setting is called REFRAIN_PROT (did you mean REFRAIN_PORT?)' });
    expect(of('proxy')).toMatchObject({ says: 'https through http://127.0.0.1:1, none for 127.0.0.1' });
    expect(JSON.stringify(all)).not.toContain('canary');
    const bad = await diagnose({ refrain, upstream }, ['--admin-host', '0.0.0.0']);
    expect(bad).toMatchObject({ code: 1, ok: false });
    expect(bad.of('settings')).toMatchObject({ state: 'failure', says: expect.stringContaining('without REFRAIN_ADMIN_TOKEN') });
  });

  test('says when the clock differs from the upstream\'s', async ({ refrain, upstream }) => {
    upstream.script = ({ response }) => response.writeHead(200, { date: 'Sun, 06 Nov 1994 08:49:37 GMT' }).end();
    expect((await diagnose({ refrain, upstream })).of('clock')).toMatchObject({ state: 'warning', says: expect.stringContaining('1994-11-06T08:49:37') });
  });
});

describe('refrain doctor on the store', () => {
  const store = (folder: string) => join(folder, '.refrain', 'cache.sqlite');

  test('reads a file that a proxy uses, and one that none does, without a trace', async ({ refrain, upstream, folder, proxy }) => {
    const { api, child } = await proxy();
    await ask(api + CHAT, { body: chatRequest() });
    expect((await diagnose({ refrain, upstream })).of('store file')).toMatchObject({ state: 'ok', says: expect.stringMatching(/ is sound, .* of 4\.0 GiB$/) });
    child.signal('SIGTERM');
    await child.exited;
    const names = readdirSync(join(folder, '.refrain'));
    const bytes = readFileSync(store(folder));
    expect((await diagnose({ refrain, upstream })).of('store file')).toMatchObject({ state: 'ok' });
    expect(readdirSync(join(folder, '.refrain'))).toEqual(names);
    expect(readFileSync(store(folder)).equals(bytes)).toBe(true);
  });

  test('knows a damaged file, a foreign one and one of another version, and leaves them', async ({ refrain, upstream, folder }) => {
    mkdirSync(join(folder, '.refrain'));
    writeFileSync(store(folder), 'this is somebody\'s letter, and no database at all. '.repeat(100));
    const foreign = await diagnose({ refrain, upstream });
    expect(foreign.of('store file')).toMatchObject({ state: 'failure', says: expect.stringContaining('is not Refrain\'s'), advice: expect.stringContaining('leaves it alone') });
    expect(foreign.code).toBe(1);
    writeFileSync(store(folder), '');
    putDatabase(store(folder), 'CREATE TABLE t (a); PRAGMA user_version = 3');
    expect((await diagnose({ refrain, upstream })).of('store file')).toMatchObject({ state: 'failure', says: expect.stringContaining('a database of another program') });
    putDatabase(store(folder), `PRAGMA application_id = ${STORE_MARK.id}`);
    const bytes = readFileSync(store(folder));
    writeFileSync(store(folder), bytes.subarray(0, bytes.length - 4_096));
    expect((await diagnose({ refrain, upstream })).of('store file')).toMatchObject({ state: 'failure', says: expect.stringContaining('is damaged'), advice: expect.stringContaining('sets it aside') });
    writeFileSync(store(folder), bytes);
    putDatabase(store(folder), 'PRAGMA user_version = 999');
    expect((await diagnose({ refrain, upstream })).of('store file')).toMatchObject({ state: 'warning', says: expect.stringContaining('is of schema version 999') });
    expect(readdirSync(join(folder, '.refrain'))).toEqual(['cache.sqlite']);
  });

  test('looks at the books as at the store, and at the secret', async ({ refrain, upstream, folder }) => {
    mkdirSync(join(folder, '.refrain'));
    const [books, secret] = ['ledger.sqlite', 'secret'].map((name) => join(folder, '.refrain', name)) as [string, string];
    putDatabase(books, 'CREATE TABLE t (a)');
    writeFileSync(secret, 'not one', { mode: 0o600 });
    const bad = await diagnose({ refrain, upstream });
    expect(bad.of('books file')).toMatchObject({ state: 'failure', says: expect.stringContaining('a database of another program') });
    expect(bad.of('secret')).toMatchObject({ state: 'failure', says: `${secret} is no secret of Refrain's`, advice: expect.stringContaining('remove it') });
    expect(bad.code).toBe(1);
    expect(JSON.stringify(bad.checks)).not.toContain('not one');
  });

  test('says what others can read, and when answers are of the future', async ({ refrain, upstream, folder, proxy }) => {
    const { api, child } = await proxy();
    await ask(api + CHAT, { body: chatRequest() });
    child.signal('SIGTERM');
    await child.exited;
    expect((await diagnose({ refrain, upstream })).of('file modes')).toMatchObject({ state: 'ok' });
    for (const name of ['secret', 'cache.sqlite', 'ledger.sqlite']) chmodSync(join(folder, '.refrain', name), 0o644);
    putDatabase(store(folder), 'UPDATE entries SET stored_at = stored_at + 86400000');
    const { of } = await diagnose({ refrain, upstream });
    expect(of('file modes')).toMatchObject({ state: 'warning', says: expect.stringMatching(/^others can read \S+secret, \S+cache\.sqlite, \S+ledger\.sqlite$/), advice: expect.stringContaining('chmod go=') });
    expect(of('store file')).toMatchObject({ state: 'warning', says: expect.stringContaining('in the future, which are misses until then'), advice: expect.stringContaining('purge them') });
  });

  test('says where no file can be made, and that the disk is too small', async ({ refrain, upstream, folder }) => {
    writeFileSync(join(folder, 'file'), '');
    const nowhere = await diagnose({ refrain, upstream }, ['--store-path', 'file/cache.sqlite']);
    expect(nowhere.of('store directory')).toMatchObject({ state: 'failure', says: `${join(folder, 'file')} is no directory that can be written (ENOTDIR)` });
    const large = await diagnose({ refrain, upstream }, ['--store-bytes', '8000000GiB']);
    expect(large.of('disk space')).toMatchObject({ state: 'warning', advice: 'free some, or lower --store-bytes' });
    expect([nowhere.code, large.code]).toEqual([1, 0]);
  });
});
