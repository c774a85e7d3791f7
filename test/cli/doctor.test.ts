import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished } from 'vitest';
import type { Finding } from '../../src/admin/findings.ts';
import { checkCassette } from '../../src/cli/check-cassette.ts';
import { STORE_MARK } from '../../src/store/sqlite-mark.ts';
import { answerAll, CHAT, chatAnswer, chatEvents, chatRequest, resetAfter, sendJson } from '../harness/answers.ts';
import { answerWith, MESSAGES } from '../harness/anthropic.ts';
import { ask } from '../harness/client.ts';
import { type Script, startUpstream } from '../harness/upstream.ts';
import { type Cast, test } from './command.ts';

interface Diagnosis {
  readonly code: number | null;
  readonly ok: boolean;
  readonly checks: readonly Finding[];
  /** The finding of one look. */
  of(check: string): Finding | undefined;
}

async function diagnose(
  { refrain, upstream }: Pick<Cast, 'refrain' | 'upstream'>,
  flags: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<Diagnosis> {
  const { code, out, err } = await refrain(
    ['doctor', '--json', '--port', '0', '--admin-port', '0', '--upstream', `${upstream.url}/v1`, ...flags],
    environment,
  );
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
      'settings',
      'Node',
      'variables',
      'admin API',
      'API port',
      'admin port',
      'running proxy',
      'hints',
      'proxy',
      'upstream',
      'stream',
      'clock',
      'store file',
      'store directory',
      'disk space',
      'usage ledger',
      'secret',
      'file modes',
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('tells people in a line each, without colours where no terminal is', async ({ refrain, upstream }) => {
    const { out } = await refrain(['doctor', '--port', '0', '--upstream', `${upstream.url}/v1`, '--store-path', 'off']);
    expect(out).toContain(
      'ok       settings         valid, 3 not by default\n                          port = "0", from --port\n',
    );
    expect(out.split('\n').filter((line) => !/^(ok|warning|failure| {26}\S)/.test(line))).toEqual([]);
    expect(out).not.toContain('\u001b');
  });

  test('asks the upstream without credentials, and takes any answer for one', async ({ refrain, upstream }) => {
    upstream.script = ({ response }) => response.writeHead(401).end();
    const { of } = await diagnose({ refrain, upstream }, [], {
      OPENAI_API_KEY: 'sk-secret',
      REFRAIN_ADMIN_TOKEN: 'secret',
    });
    expect(of('upstream')).toMatchObject({
      state: 'ok',
      says: `${upstream.url}/v1 answers (status 401 to GET /models without credentials)`,
    });
    expect(upstream.calls.map(({ method, url }) => [method, url])).toEqual([['GET', '/v1/models']]);
    expect(JSON.stringify(upstream.calls[0]?.headers)).not.toMatch(/secret|authorization/);
    expect(of('stream')).toMatchObject({
      state: 'ok',
      says:
        'no stream was tried: it asks for a key (status 401); ' +
        'name the variable that holds it, as in refrain doctor --keys upstream=VARIABLE',
    });
  });

  test('says which upstream does not answer, and what to do', async ({ refrain, upstream, folder }) => {
    writeFileSync(join(folder, 'named.json'), '{"upstreams":{"gone":"http://127.0.0.1:1/v1"}}');
    const { code, of } = await diagnose({ refrain, upstream }, ['--config', 'named.json']);
    expect(code).toBe(1);
    expect(of('upstream')).toMatchObject({ state: 'ok' });
    expect(of('upstream gone')).toMatchObject({
      state: 'failure',
      says: 'http://127.0.0.1:1/v1 does not answer (ECONNREFUSED)',
      advice: 'start what should listen there, or correct upstreams.gone in named.json',
    });
  });

  test('waits for nobody for more than five seconds', async ({ refrain, upstream }) => {
    const [port, mute] = [await strangerOn(null), await strangerOn(null)];
    const timed = async (flags: readonly string[]) => {
      const began = performance.now();
      const diagnosis = await diagnose({ refrain, upstream }, flags);
      return { ...diagnosis, ms: performance.now() - began };
    };
    // The time where nobody is waited for shows how busy the machine is.
    const { ms: usual } = await timed([]);
    const { of, ms } = await timed(['--upstream', `http://127.0.0.1:${mute}/v1`, '--port', String(port)]);
    expect(ms).toBeLessThan(5_000 + 5 * usual);
    expect(of('upstream')).toMatchObject({ state: 'failure' });
    expect(of('API port')).toMatchObject({
      state: 'failure',
      says: `${port} is taken by something that is no Refrain`,
    });
  });

  test('knows a Refrain that runs from something else', async ({ refrain, upstream, proxy }) => {
    const { api, admin } = await proxy();
    const [apiPort, adminPort] = [new URL(api).port, new URL(admin).port];
    const running = await diagnose({ refrain, upstream }, ['--port', apiPort, '--admin-port', adminPort]);
    expect(running.of('API port')).toMatchObject({ state: 'ok', says: `${apiPort} is taken by a Refrain that runs` });
    expect(running.of('admin port')).toMatchObject({
      state: 'ok',
      says: `${adminPort} is taken by a Refrain that runs`,
    });
    expect(running.code).toBe(0);
    expect(JSON.parse((await ask(`${admin}/stats`)).text).periods.all.requests).toBe(0);
    const stranger = String(await strangerOn('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'));
    const taken = await diagnose({ refrain, upstream }, ['--port', stranger, '--admin-port', stranger]);
    for (const check of ['API port', 'admin port'])
      expect(taken.of(check)).toMatchObject({
        state: 'failure',
        says: `${stranger} is taken by something that is no Refrain`,
      });
    // The doctor's own requests to the upstream; the ports are not found out by way of it.
    expect(new Set(upstream.calls.map(({ url }) => url))).toEqual(new Set(['/v1/models', '/v1/chat/completions']));
  });

  test('tells of settings that cannot be used, of who gave the others, and of no secret', async ({
    refrain,
    upstream,
  }) => {
    const { of, ...all } = await diagnose({ refrain, upstream }, ['--admin-host', '0.0.0.0'], {
      REFRAIN_ADMIN_TOKEN: 'canary',
      HTTPS_PROXY: 'http://me:canary@127.0.0.1:1',
      NO_PROXY: '127.0.0.1',
      REFRAIN_PROT: '1',
    });
    expect(of('settings')?.details).toContain('admin.token = set (not shown), from REFRAIN_ADMIN_TOKEN');
    expect(of('admin API')).toMatchObject({
      state: 'warning',
      says: expect.stringContaining('0.0.0.0 is open to other machines'),
    });
    expect(of('variables')).toMatchObject({
      state: 'warning',
      says: 'no setting is called REFRAIN_PROT (did you mean REFRAIN_PORT?)',
    });
    expect(of('proxy')).toMatchObject({ says: 'https through http://127.0.0.1:1, none for 127.0.0.1' });
    expect(JSON.stringify(all)).not.toContain('canary');
    const bad = await diagnose({ refrain, upstream }, ['--admin-host', '0.0.0.0']);
    expect(bad).toMatchObject({ code: 1, ok: false });
    expect(bad.of('settings')).toMatchObject({
      state: 'failure',
      says: expect.stringContaining('without REFRAIN_ADMIN_TOKEN'),
    });
  });

  test("says when the clock differs from the upstream's", async ({ refrain, upstream }) => {
    upstream.script = ({ response }) => response.writeHead(200, { date: 'Sun, 06 Nov 1994 08:49:37 GMT' }).end();
    expect((await diagnose({ refrain, upstream })).of('clock')).toMatchObject({
      state: 'warning',
      says: expect.stringContaining('1994-11-06T08:49:37'),
    });
  });
});

describe('refrain doctor on the store', () => {
  const store = (folder: string) => join(folder, '.refrain', 'cache.sqlite');

  test('reads a file that a proxy uses, and one that none does, without a trace', async ({
    refrain,
    upstream,
    folder,
    proxy,
  }) => {
    const { api, child } = await proxy();
    await ask(api + CHAT, { body: chatRequest() });
    expect((await diagnose({ refrain, upstream })).of('store file')).toMatchObject({
      state: 'ok',
      says: expect.stringMatching(/ is sound, .* of 4 GiB$/),
    });
    child.signal('SIGTERM');
    await child.exited;
    const names = readdirSync(join(folder, '.refrain'));
    const bytes = readFileSync(store(folder));
    expect((await diagnose({ refrain, upstream })).of('store file')).toMatchObject({ state: 'ok' });
    expect(readdirSync(join(folder, '.refrain'))).toEqual(names);
    expect(readFileSync(store(folder)).equals(bytes)).toBe(true);
  });

  test('knows a damaged file, a foreign one and one of another version, and leaves them', async ({
    refrain,
    upstream,
    folder,
  }) => {
    mkdirSync(join(folder, '.refrain'));
    writeFileSync(store(folder), "this is somebody's letter, and no database at all. ".repeat(100));
    const foreign = await diagnose({ refrain, upstream });
    expect(foreign.of('store file')).toMatchObject({
      state: 'failure',
      says: expect.stringContaining("is not Refrain's"),
      advice: expect.stringContaining('leaves it alone'),
    });
    expect(foreign.code).toBe(1);
    writeFileSync(store(folder), '');
    putDatabase(store(folder), 'CREATE TABLE t (a); PRAGMA user_version = 3');
    expect((await diagnose({ refrain, upstream })).of('store file')).toMatchObject({
      state: 'failure',
      says: expect.stringContaining('a database of another program'),
    });
    putDatabase(store(folder), `PRAGMA application_id = ${STORE_MARK.id}`);
    const bytes = readFileSync(store(folder));
    writeFileSync(store(folder), bytes.subarray(0, bytes.length - 4_096));
    expect((await diagnose({ refrain, upstream })).of('store file')).toMatchObject({
      state: 'failure',
      says: expect.stringContaining('is damaged'),
      advice: expect.stringContaining('sets it aside'),
    });
    writeFileSync(store(folder), bytes);
    putDatabase(store(folder), 'PRAGMA user_version = 999');
    expect((await diagnose({ refrain, upstream })).of('store file')).toMatchObject({
      state: 'warning',
      says: expect.stringContaining('is of schema version 999'),
    });
    expect(readdirSync(join(folder, '.refrain'))).toEqual(['cache.sqlite']);
  });

  test('looks at the usage ledger as at the store, and at the secret', async ({ refrain, upstream, folder }) => {
    mkdirSync(join(folder, '.refrain'));
    const [ledger, secret] = ['ledger.sqlite', 'secret'].map((name) => join(folder, '.refrain', name)) as [
      string,
      string,
    ];
    putDatabase(ledger, 'CREATE TABLE t (a)');
    writeFileSync(secret, 'not one', { mode: 0o600 });
    const bad = await diagnose({ refrain, upstream });
    expect(bad.of('usage ledger')).toMatchObject({
      state: 'failure',
      says: expect.stringContaining('a database of another program'),
    });
    expect(bad.of('secret')).toMatchObject({
      state: 'failure',
      says: `${secret} is no secret of Refrain's`,
      advice: expect.stringContaining('remove it'),
    });
    expect(bad.code).toBe(1);
    expect(JSON.stringify(bad.checks)).not.toContain('not one');
  });

  test('says what others can read, and when answers are of the future', async ({
    refrain,
    upstream,
    folder,
    proxy,
  }) => {
    const { api, child } = await proxy();
    await ask(api + CHAT, { body: chatRequest(), headers: { authorization: 'Bearer sk-1' } });
    child.signal('SIGTERM');
    await child.exited;
    expect((await diagnose({ refrain, upstream })).of('file modes')).toMatchObject({ state: 'ok' });
    for (const name of ['secret', 'callers.json', 'cache.sqlite', 'ledger.sqlite'])
      chmodSync(join(folder, '.refrain', name), 0o644);
    putDatabase(store(folder), 'UPDATE entries SET stored_at = stored_at + 86400000');
    const { of } = await diagnose({ refrain, upstream });
    expect(of('file modes')).toMatchObject({
      state: 'warning',
      says: expect.stringMatching(/^others can read \S+secret, \S+callers\.json, \S+cache\.sqlite, \S+ledger\.sqlite$/),
      advice: expect.stringContaining('chmod go='),
    });
    expect(of('store file')).toMatchObject({
      state: 'warning',
      says: expect.stringContaining('in the future, which are misses until then'),
      advice: expect.stringContaining('purge them'),
    });
  });

  test('reads the cassette that is the store, and asks nobody where it is offline', async ({
    refrain,
    upstream,
    folder,
  }) => {
    const path = join(folder, 'x.cassette');
    writeFileSync(path, 'Dear diary,\n');
    const { of, code, checks } = await diagnose({ refrain, upstream }, ['--cassette', path, '--offline']);
    expect(of('cassette')).toMatchObject({
      state: 'failure',
      says: expect.stringContaining(`${path}:1: expected the members of a header`),
    });
    expect(of('upstream')).toMatchObject({ state: 'ok', says: 'none is asked, since this proxy is offline' });
    expect(checks.map(({ check }) => check)).not.toContain('store file');
    expect([code, upstream.calls.length]).toEqual([1, 0]);
    rmSync(path);
    expect(checkCassette(path, false)).toMatchObject({
      state: 'ok',
      says: `${path} is not there yet, and will be made`,
    });
    expect(checkCassette(path, true)).toMatchObject({ state: 'warning' });
    writeFileSync(path, '---\nformat: refrain-cassette\nversion: 1\n...\n');
    expect(checkCassette(path, true)).toMatchObject({ state: 'ok', says: `${path} is sound, and holds 0 exchanges` });
  });

  test('says where no file can be made, and that the disk is too small', async ({ refrain, upstream, folder }) => {
    writeFileSync(join(folder, 'file'), '');
    const nowhere = await diagnose({ refrain, upstream }, ['--store-path', 'file/cache.sqlite']);
    expect(nowhere.of('store directory')).toMatchObject({
      state: 'failure',
      says: `${join(folder, 'file')} is no directory that can be written (ENOTDIR)`,
    });
    const large = await diagnose({ refrain, upstream }, ['--store-bytes', '8000000GiB']);
    expect(large.of('disk space')).toMatchObject({ state: 'warning', advice: 'free some, or lower --store-bytes' });
    expect([nowhere.code, large.code]).toEqual([1, 0]);
  });
});

describe('refrain doctor on streams', () => {
  const MODELS = (owner: string, ...ids: string[]) =>
    JSON.stringify({ object: 'list', data: ids.map((id) => ({ id, object: 'model', owned_by: owner })) });

  for (const [engine, owner, server, route, answer] of [
    ['llama.cpp', 'llamacpp', 'llama.cpp', '', ''],
    ['llama.cpp', 'llamacpp', 'nginx', '/props', '{"default_generation_settings":{}}'],
    ['vLLM', 'vllm', 'uvicorn', '/version', '{"version":"0.9.0"}'],
    ['Ollama', 'library', '', '/api/version', '{"version":"0.17.0"}'],
    ['LM Studio', 'organization_owner', '', '/api/v0/models', '{"object":"list","data":[]}'],
  ] as const) {
    test(`knows ${engine} by ${server || 'what'} ${route || 'calls itself'}, and says which dialect it speaks`, async ({
      refrain,
      upstream,
      folder,
    }) => {
      upstream.script = (call) => {
        if (call.url === '/v1/models') return sendJson(call, MODELS(owner, 'm'), 200, { server });
        if (call.url === route) return sendJson(call, answer);
        return call.url.startsWith('/v1/') ? answerAll(call) : sendJson(call, '{}', 404);
      };
      const upstreams = { local: `${upstream.url}/v1`, root: upstream.url };
      writeFileSync(join(folder, 'named.json'), JSON.stringify({ upstreams }));
      const { of, code } = await diagnose({ refrain, upstream }, ['--config', 'named.json']);
      const says = `it is ${engine}; a stream of m ends with [DONE]`;
      const advice = (setting: string) =>
        `set ${setting}, so that labels and sessions of clients keep nothing from hitting`;
      expect(of('stream')).toMatchObject({ state: 'warning', says, advice: advice('dialect=engine') });
      expect(of('stream local')).toMatchObject({
        state: 'warning',
        says,
        advice: advice('upstreams.local.dialect=engine'),
      });
      // Clients of one without a path ask below /v1.
      expect(of('stream root')).toMatchObject({ says, advice: advice('upstreams.root.dialect=engine') });
      expect(code).toBe(0);
    });
  }

  test('takes nobody for an engine by one sign alone', async ({ refrain, upstream }) => {
    upstream.script = (call) => (call.url === '/v1/models' ? sendJson(call, MODELS('vllm', 'm')) : answerAll(call));
    expect((await diagnose({ refrain, upstream })).of('stream')).toMatchObject({
      state: 'ok',
      says: 'a stream of m ends with [DONE]',
    });
    expect(upstream.calls.map(({ method, url }) => `${method} ${url}`).sort()).toEqual([
      'GET /v1/models',
      'GET /version',
      'POST /v1/chat/completions',
    ]);
  });

  test('tries one short stream of the first model that chats, and says what keeps it from being kept', async ({
    refrain,
    upstream,
  }) => {
    upstream.script = (call) => {
      if (call.url === '/v1/models') return sendJson(call, MODELS('x', 'text-embedding-3', 'whisper-1', 'chatty'));
      call.response
        .writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-cache' })
        .end(chatEvents().slice(0, -1).join(''));
    };
    const { of } = await diagnose({ refrain, upstream }, ['--done-marker', 'required']);
    expect(of('stream')).toMatchObject({
      state: 'warning',
      details: ['dialect = compatible, doneMarker = required, noStore = obey'],
      says: 'a stream of chatty ends without [DONE] and says Cache-Control: no-store',
      advice:
        'set doneMarker=optional, or no stream of it is kept; ' +
        'set noStore=ignore if that is only a default of its server, or no stream of it is kept',
    });
    expect(JSON.parse(upstream.calls[1]?.body.toString() ?? '')).toMatchObject({
      model: 'chatty',
      stream: true,
      max_tokens: 16,
    });
    expect(upstream.calls).toHaveLength(2);
  });

  test('says what else became of it', async ({ refrain, upstream }) => {
    const streamed = async (script: Script, flags: readonly string[] = []) => {
      upstream.script = (call) => (call.url === '/v1/models' ? answerAll(call) : script(call));
      return (await diagnose({ refrain, upstream }, flags)).of('stream');
    };
    expect(await streamed((call) => sendJson(call, '{}', 404), ['--model', 'mine'])).toMatchObject({
      state: 'warning',
      says: 'a stream of mine is answered with status 404',
      advice: 'name a model that chats with --model',
    });
    expect(await streamed((call) => sendJson(call, '{}', 401))).toMatchObject({
      state: 'ok',
      says: expect.stringContaining('it asks for a key (status 401)'),
    });
    expect(await streamed((call) => sendJson(call, chatAnswer()))).toMatchObject({
      state: 'ok',
      says: 'a stream of gpt-test is answered with application/json',
    });
    expect(await streamed(resetAfter('data: {}\n\n'))).toMatchObject({
      state: 'warning',
      says: expect.stringMatching(/^its stream broke off \(\w+\)$/),
    });
    expect(await streamed(() => {})).toMatchObject({ state: 'warning', says: 'its stream had not ended in time' });
  });

  test('sends a key to the upstream that it is named for, and to no other', async ({ refrain, upstream, folder }) => {
    const [other, claude] = [await startUpstream(answerAll), await startUpstream(answerAll)];
    for (const each of [other, claude]) onTestFinished(() => each.stop());
    const upstreams = { other: `${other.url}/v1`, claude: { url: claude.url, dialect: 'anthropic' } };
    writeFileSync(join(folder, 'named.json'), JSON.stringify({ upstreams }));
    const environment = { OPENAI_API_KEY: 'sk-openai', OTHER: 'sk-other', CLAUDE: 'sk-ant' };
    upstream.script = other.script = (call) =>
      call.headers.authorization === 'Bearer sk-other' ? answerAll(call) : sendJson(call, '{}', 401);
    claude.script = (call) => {
      if (call.headers['x-api-key'] !== 'sk-ant' || !call.headers['anthropic-version'])
        return sendJson(call, '{}', 401);
      return call.url === MESSAGES ? answerWith('text')(call) : sendJson(call, MODELS('', 'claude-test'));
    };
    const { of, ...all } = await diagnose(
      { refrain, upstream },
      ['--config', 'named.json', '--keys', 'other=OTHER,claude=CLAUDE'],
      environment,
    );
    expect(of('stream')).toMatchObject({ says: expect.stringContaining('asks for a key') });
    expect(of('stream other')).toMatchObject({ state: 'ok', says: 'a stream of gpt-test ends with [DONE]' });
    expect(of('stream claude')).toMatchObject({ state: 'ok', says: 'a stream of claude-test ends with message_stop' });
    expect(claude.calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /v1/models',
      'GET /v1/models',
      'POST /v1/messages',
    ]);
    expect(JSON.stringify(upstream.calls.map(({ headers }) => headers))).not.toContain('sk-');
    expect(other.calls.map(({ method, headers }) => [method, headers.authorization])).toEqual([
      ['GET', undefined],
      ['GET', 'Bearer sk-other'],
      ['POST', 'Bearer sk-other'],
    ]);
    expect(JSON.stringify(all)).not.toContain('sk-');
    for (const [keys, says] of [
      ['nobody=OTHER', 'nobody, which is no upstream'],
      ['other=UNSET', 'UNSET, which is not set'],
      ['other', '--keys is set (not shown); it may be'],
    ] as const) {
      const { code, err } = await refrain(['doctor', '--config', 'named.json', '--keys', keys], environment);
      expect([code, err]).toEqual([2, expect.stringContaining(says)]);
    }
  });
});

describe('refrain doctor on the proxy that runs', () => {
  test('says that none does, or that it runs with the same', async ({ refrain, upstream, proxy, folder }) => {
    expect((await diagnose({ refrain, upstream })).of('running proxy')).toMatchObject({
      state: 'ok',
      says: 'no proxy runs where the settings say',
    });
    await proxy();
    const { out } = await refrain(['doctor', '--json']);
    const of = (name: string) => JSON.parse(out).checks.find(({ check }: Finding) => check === name);
    expect(of('running proxy')).toMatchObject({
      state: 'ok',
      says: expect.stringMatching(/^Refrain \d+\.\d+\.\d+ runs with what a start here would use$/),
    });
    expect(of('hints')).toMatchObject({ state: 'ok', says: 'nothing is seen to keep requests from hitting' });
    expect(readdirSync(folder)).toContain('settings.json');
  });

  test('names each setting that differs, who gave it, and no secret', async ({ refrain, proxy }) => {
    const members = `sha256:${'0'.repeat(64)}`;
    await proxy(['--ttl', '60', '--admin-token', 'canary', '--scope-shared', 'team', '--scope-members', members]);
    const { out } = await refrain(['doctor', '--json', '--max-ttl', '30'], {
      REFRAIN_ADMIN_TOKEN: 'canary',
      HTTP_PROXY: 'http://me:canary@127.0.0.1:1',
      NO_PROXY: '127.0.0.1',
    });
    const found = JSON.parse(out).checks.find(({ check }: Finding) => check === 'running proxy');
    expect(found).toMatchObject({
      state: 'warning',
      says: 'it runs with other settings than a start here would use (6)',
      advice: expect.stringContaining('restart it'),
    });
    expect(found.details).toEqual([
      'ttl = 60 (from --ttl) there; 30 (by default) here',
      'maxTtl = "inf" (by default) there; 30 (from --max-ttl) here',
      'scope.shared = "team" (from --scope-shared) there; null (by default) here',
      'scope.members = "set (not shown)" (from --scope-members) there; [] (by default) here',
      'http_proxy = not set there; http://127.0.0.1:1 here',
      'no_proxy = not set there; 127.0.0.1 here',
    ]);
    expect(out).not.toMatch(/canary|sha256/);
    const { out: untold } = await refrain(['doctor', '--json'], { REFRAIN_ADMIN_TOKEN: 'wrong' });
    expect(JSON.parse(untold).checks.find(({ check }: Finding) => check === 'running proxy')).toMatchObject({
      state: 'warning',
      says: expect.stringContaining('token of the admin API'),
    });
  });

  test('tells the hints that it has', async ({ refrain, upstream }) => {
    const answers: Record<string, object> = {
      '/settings': { version: '0.0.1', settings: [], proxy: { http: null, https: null, no: null } },
      '/stats': { periods: {}, hints: [{ text: 'header x-foo kept 37 requests from hitting\u001b[31m' }] },
    };
    const running = await startUpstream((call) =>
      sendJson(call, JSON.stringify(answers[call.url] ?? { status: 'alive' })),
    );
    onTestFinished(() => running.stop());
    const { of } = await diagnose({ refrain, upstream }, ['--admin-port', new URL(running.url).port]);
    expect(of('hints')).toMatchObject({
      state: 'warning',
      says: 'requests are kept from hitting in 1 way',
      details: [expect.stringContaining('header x-foo kept 37 requests from hitting')],
    });
    expect(of('running proxy')?.details).toEqual([expect.stringMatching(/^Refrain 0\.0\.1 there, /)]);
  });
});
