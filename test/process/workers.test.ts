import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import {
  answerAll,
  beginStream,
  CHAT,
  chatAnswer,
  chatEvents,
  chatRequest,
  errorAnswer,
  responseAnswer,
  sendJson,
} from '../harness/answers.ts';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import { ask, begin } from '../harness/client.ts';
import { Child } from '../harness/child.ts';
import { processTest } from '../harness/process-harness.ts';
import { until } from '../harness/until.ts';

const COUNT = 2;

interface Cast {
  /** @param files how many files and connections each process may have open */
  readonly run: (flags?: readonly string[], files?: number) => Child;
}

const test = processTest.extend<Cast>({
  run: async ({ folder, upstream }, use) => {
    const children: Child[] = [];
    await use((flags = [], files) => {
      const own = ['--port', '0', '--admin-port', '0', '--workers', String(COUNT)];
      const child = new Child([...own, '--upstream', `${upstream.url}/v1`, ...flags], folder, {}, files);
      children.push(child);
      return child;
    });
    for (const child of children) await child.end();
  },
});

const STREAM = { body: chatRequest('x', { stream: true }) };

/** The processes that this one has started and that still run. */
function workersOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

function isRunning(pid: number): boolean {
  try {
    // The state stands behind the name, which is in brackets; a zombie runs no more.
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The files that a process has open. */
function filesOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return readlinkSync(join(folder, fd));
    } catch {
      return [];
    }
  });
}

/** The worker that makes an upstream call: the one with the other end of its connection. */
async function leaderOf(child: Child, { socket }: ServerResponse): Promise<number> {
  const inode = connectionsOf(socket?.remotePort ?? 0);
  const leader = workersOf(child.pid).find((pid) => filesOf(pid).some((file) => inode.includes(file)));
  if (leader === undefined) throw new Error('no worker has the connection');
  return leader;
}

/** The names of the sockets on this machine whose own port is this. */
function connectionsOf(port: number): string[] {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  const sockets = lines.map((line) => line.trim().split(/\s+/));
  return sockets.flatMap((fields) => (fields[1]?.endsWith(local) ? `socket:[${fields[9]}]` : []));
}

/** Requests and their outcomes, as `/stats` has them. */
async function statsOf(admin: string): Promise<Record<string, number>> {
  return JSON.parse((await ask(`${admin}/stats`)).text).periods.all;
}

describe('several workers', () => {
  test('answer on one port, and share what is kept', async ({ run, upstream }) => {
    const child = run();
    const { api, admin } = await child.ready();
    expect(child.stdout).toHaveLength(1);
    expect(workersOf(child.pid)).toHaveLength(COUNT);
    expect((await ask(`${admin}/readyz`)).status).toBe(200);
    const first = await ask(api + CHAT, { body: chatRequest() });
    expect(first.headers['x-cache']).toBe('MISS');
    const tiers = new Set<string>();
    for (let at = 0; at < 2 * COUNT; at++) {
      const { headers, text } = await ask(api + CHAT, { body: chatRequest() });
      expect(headers['x-cache']).toBe('HIT');
      expect(text).toBe(first.text);
      tiers.add(/detail=(\w+)/.exec(String(headers['cache-status']))?.[1] ?? '');
    }
    expect(tiers).toEqual(new Set(['memory', 'sqlite']));
    expect(upstream.calls).toHaveLength(1);
  });

  test('add up in the usage ledger, in metrics, in events and in a hint that is logged once', async ({ run }) => {
    const child = run();
    const { api, admin } = await child.ready();
    const events = await begin(`${admin}/events`);
    const listed = async () => JSON.parse((await ask(`${admin}/entries`)).text).entries;
    const questions = ['one', 'two'].map((text) => ({ body: chatRequest(text) }));
    for (const question of questions) await ask(api + CHAT, question);
    // The last bytes of an answer are there before it is kept.
    await expect.poll(listed).toHaveLength(2);
    for (const question of [...questions, ...questions]) await ask(api + CHAT, question);
    expect(await statsOf(admin)).toMatchObject({ requests: 6, hits: 4, misses: 2 });
    const read = async (path: string) => JSON.parse((await ask(admin + path)).text);
    expect(await read('/stats?series=hour')).toMatchObject({ node: null, reasons: { new: expect.any(Array) } });
    expect(await read('/state')).toMatchObject({ node: null, requests: { requests: 6, hit: 4, miss: 2 }, flights: 0 });
    const { text } = await ask(`${admin}/metrics`);
    expect(text).toContain('refrain_requests_total{outcome="hit",endpoint="chat"} 4');
    expect(text).toContain('refrain_flights 0');
    // Each entry is in the memory of one worker at least.
    expect(Number(/refrain_store_entries{tier="memory"} (\d+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(2);
    await until(() => events.received.toString().split('data: ').length === 7);
    events.hangUp();
    // How often each was served is written down some time later.
    const expected = { tier: 'memory', hits: 2 };
    await expect.poll(listed).toMatchObject([expected, expected]);
    const habit = { ...STREAM, headers: { 'cache-control': 'no-store', 'accept': 'text/event-stream' } };
    for (let at = 0; at < 20 * COUNT + 2; at++) await ask(api + CHAT, habit);
    await child.says('from hitting');
    expect((await read('/stats')).hints).toMatchObject([
      { about: 'no-store', requests: 20 * COUNT + 2, setting: 'sse.noStore=ignore' },
    ]);
    child.signal('SIGTERM');
    await child.exited;
    expect(child.stderr.split('from hitting')).toHaveLength(2);
  });

  test('share what is kept in memory alone too, and its bound', async ({ run, upstream }) => {
    const bound = 400_000;
    const { api, admin } = await run(['--store-path', 'off', '--memory-bytes', String(bound)]).ready();
    upstream.script = (call) => sendJson(call, chatAnswer('x'.repeat(10_000)));
    const held = async (what: string) => {
      const { text } = await ask(`${admin}/metrics`);
      return Number(new RegExp(`^refrain_store_${what}{tier="memory"} (\\d+)$`, 'm').exec(text)?.[1]);
    };
    for (let round = 0; round < 2; round++)
      for (let at = 0; at < 60; at++) await ask(api + CHAT, { body: chatRequest(`question ${at}`) });
    // More would not fit; names of requests take a part of it.
    expect(await held('bytes')).toBeGreaterThan(bound / 2);
    expect(await held('bytes')).toBeLessThanOrEqual(await held('max_bytes'));
    expect(await held('max_bytes')).toBeLessThanOrEqual(bound);
    expect(await held('evictions_total')).toBeGreaterThan(0);
    await ask(api + CHAT, { body: chatRequest('the last') });
    const outcomes = async () => {
      const answers = Array.from({ length: 2 * COUNT }, () => ask(api + CHAT, { body: chatRequest('the last') }));
      return new Set((await Promise.all(answers)).map(({ headers }) => headers['x-cache']));
    };
    await expect.poll(outcomes).toEqual(new Set(['HIT']));
    await ask(`${admin}/purge`, { method: 'POST', body: { all: true } });
    expect(await held('entries')).toBe(0);
    const calls = upstream.calls.length;
    await outcomes();
    expect(upstream.calls).toHaveLength(calls + 1);
  });

  test('refuse what is no request, and what an upstream sends back to another of them', async ({ run, upstream }) => {
    const { api } = await run().ready();
    const { port, hostname } = new URL(api);
    const socket = connect(Number(port), hostname);
    socket.write('nonsense\r\n\r\n');
    expect(String(Buffer.concat(await socket.toArray()))).toMatch(/^HTTP\/1.1 400 /);
    // The other would follow the first, which waits for it.
    upstream.script = async (call) => {
      const { via = '' } = call.headers;
      const { text, status } = await ask(api + call.url, { body: call.body, headers: { via } });
      sendJson(call, text, status);
    };
    expect((await ask(api + CHAT, { body: chatRequest() })).status).toBe(508);
    expect(upstream.calls).toHaveLength(1);
  });

  test('leave to their parent the files, and what is to be said of an upstream', async ({ run, folder, upstream }) => {
    const child = run();
    const { api } = await child.ready();
    const askAll = (about: string) =>
      Promise.all(Array.from({ length: COUNT }, (_, at) => ask(api + CHAT, { body: chatRequest(`${about} ${at}`) })));
    await askAll('question');
    const kept = (pid: number) => filesOf(pid).filter((file) => file.startsWith(join(folder, '.refrain')));
    await until(() => kept(child.pid).length > 0);
    for (const pid of workersOf(child.pid)) expect(kept(pid)).toEqual([]);
    upstream.script = ({ response }) => response.destroy();
    await askAll('trouble');
    upstream.script = answerAll;
    await askAll('over');
    await child.says('the upstream answers again');
    child.signal('SIGTERM');
    await child.exited;
    for (const words of ['the upstream does not answer', 'the upstream answers again'])
      expect(child.stderr.split(words)).toHaveLength(2);
  });

  test('say which setting to change where the port is taken, and leave no process behind', async ({ run }) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const child = run(['--port', String(port)]);
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(child.stderr).toContain(`port ${port} is in use; choose another with --port, or 0 for any`);
    taken.close();
  });
});

describe('one question', () => {
  test('asked of all workers at once is one upstream call, and live for each', async ({ run, upstream }) => {
    const { api, admin } = await run(['--workers', '3']).ready();
    upstream.script = beginStream;
    const asked = Promise.all(Array.from({ length: 1_000 }, () => begin(api + CHAT, STREAM)));
    const { response } = await upstream.called(1);
    const [first = '', ...rest] = chatEvents();
    response.write(first);
    const live = await asked;
    // Before the end is there, all have the beginning.
    for (const one of live) await one.receives(first.length);
    response.end(rest.join(''));
    const ended = await Promise.all(live.map((one) => one.ended));
    expect(new Set(ended.map(({ text }) => text))).toEqual(new Set([chatEvents().join('')]));
    expect(ended.some(({ broken }) => broken)).toBe(false);
    expect(upstream.calls).toHaveLength(1);
    expect(await statsOf(admin)).toMatchObject({ requests: 1_000, misses: 1, follows: 999 });
  });

  test('is asked anew at once where the worker that leads dies before a byte has come', async ({ run, upstream }) => {
    const child = run();
    const { api } = await child.ready();
    const calls = upstream.calls;
    upstream.script = beginStream;
    const asked = Promise.allSettled(Array.from({ length: 8 }, async () => (await begin(api + CHAT, STREAM)).ended));
    const { response } = await upstream.called(1);
    const leader = await leaderOf(child, response);
    process.kill(leader, 'SIGKILL');
    const { response: second } = await upstream.called(2);
    second.end(chatEvents().join(''));
    const answered = (await asked).flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    const whole = answered.filter(({ broken }) => !broken);
    // Half of the connections were the dead one's.
    expect(whole).toHaveLength(4);
    for (const { text } of whole) expect(text).toBe(chatEvents().join(''));
    expect(calls).toHaveLength(2);
  });
});

describe('a purge', () => {
  test('holds in all workers once it is answered, and a moment after another process made it', async ({
    run,
    upstream,
    folder,
  }) => {
    const { api, admin } = await run(['--workers', '3']).ready();
    for (let round = 0; round < 5; round++) {
      await ask(api + CHAT, { body: chatRequest() });
      for (let at = 0; at < 6; at++)
        expect((await ask(api + CHAT, { body: chatRequest() })).headers['x-cache']).not.toBe('MISS');
      const purged = await ask(`${admin}/purge`, { method: 'POST', body: { all: true } });
      expect([purged.status, JSON.parse(purged.text).entries]).toEqual([200, 1]);
      const again = await Promise.all(Array.from({ length: 6 }, () => ask(api + CHAT, { body: chatRequest() })));
      expect(again.filter(({ headers }) => headers['x-cache'] === 'MISS')).toHaveLength(1);
      expect(upstream.calls).toHaveLength(2 * round + 2);
      await ask(`${admin}/purge`, { method: 'POST', body: { all: true } });
    }
    const outcomes = async (control: string) => {
      const asking = { body: chatRequest(), headers: { 'cache-control': control } };
      const answers = await Promise.all(Array.from({ length: 6 }, () => ask(api + CHAT, asking)));
      return answers.map(({ headers }) => `${headers['x-cache']} ${headers['cache-status']}`);
    };
    // In the memory of each.
    await expect.poll(async () => (await outcomes('max-stale=0')).every((one) => one.endsWith('memory'))).toBe(true);
    const other = new SqliteFile({ path: join(folder, '.refrain', 'cache.sqlite'), maxBytes: 1e9 });
    other.open(Date.now());
    other.commit({ purges: [{ token: 't', purge: {} }], answers: new Set(), keys: new Map() }, Date.now());
    other.close();
    await expect.poll(async () => (await outcomes('only-if-cached')).some((one) => one.startsWith('HIT'))).toBe(false);
  });
});

describe('the word of an upstream on a credential', () => {
  const as = (key: string, content = 'a') => ({
    body: chatRequest(content),
    headers: { authorization: `Bearer ${key}` },
  });

  test('is known to all workers, and to those of the next start', async ({ run, upstream }) => {
    const child = run();
    const { api } = await child.ready();
    for (const content of ['a', 'b']) await ask(api + CHAT, as('sk-1', content));
    upstream.script = (call) => sendJson(call, errorAnswer('revoked'), 401);
    expect((await ask(api + CHAT, as('sk-1', 'new'))).status).toBe(401);
    const statuses = async (url: string) => {
      const answers = await Promise.all(Array.from({ length: 2 * COUNT }, () => ask(url + CHAT, as('sk-1'))));
      return new Set(answers.map(({ status }) => status));
    };
    // News of it is on its way to the others.
    await expect.poll(() => statuses(api)).toEqual(new Set([401]));
    child.signal('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    const next = await run().ready();
    expect(await statuses(next.api)).toEqual(new Set([401]));
  });
});

describe('a response that is deleted upstream', () => {
  test('is gone from all workers', async ({ run, upstream }) => {
    const { api } = await run().ready();
    const asking = { body: { model: 'gpt-test', input: 'x' } };
    const responses = `${api}/v1/responses`;
    upstream.script = (call) => sendJson(call, call.method === 'DELETE' ? '{"deleted":true}' : responseAnswer());
    const outcomes = async () => {
      const answers = await Promise.all(Array.from({ length: 2 * COUNT }, () => ask(responses, asking)));
      return answers.map(({ headers }) => headers['x-cache']);
    };
    await ask(responses, asking);
    await expect.poll(async () => new Set(await outcomes())).toEqual(new Set(['HIT']));
    await ask(`${responses}/resp_1`, { method: 'DELETE' });
    await expect.poll(outcomes).toContain('MISS');
  });
});

describe('a worker that dies', () => {
  test('is replaced, and costs no connection but its own', async ({ run, upstream }) => {
    const child = run();
    const { api, admin } = await child.ready();
    upstream.script = beginStream;
    const asked = [0, 1].map((at) => begin(api + CHAT, { body: chatRequest(`q${at}`, { stream: true }) }));
    const calls = [await upstream.called(1), await upstream.called(2)];
    for (const { response } of calls) response.write(chatEvents()[0]);
    const live = await Promise.all(asked);
    for (const one of live) await one.receives(1);
    const [victim] = workersOf(child.pid);
    process.kill(victim as number, 'SIGKILL');
    await child.says('a worker has ended');
    await until(() => calls.some(({ response }) => response.destroyed));
    const [other] = calls.filter(({ response }) => !response.destroyed);
    other?.response.end(chatEvents().slice(1).join(''));
    const ended = await Promise.all(live.map((one) => one.ended));
    expect(ended.map(({ broken }) => broken).sort()).toEqual([false, true]);
    expect((await ask(`${admin}/readyz`)).status).toBe(200);
    await until(() => workersOf(child.pid).filter((pid) => pid !== victim).length === COUNT);
    upstream.script = answerAll;
    for (let at = 0; at < COUNT; at++) expect((await ask(api + CHAT, { body: chatRequest() })).status).toBe(200);
  });

  test('with all others leaves requests to wait for the next', async ({ run, upstream }) => {
    const child = run();
    const { api } = await child.ready();
    for (const pid of workersOf(child.pid)) process.kill(pid, 'SIGKILL');
    await child.says('"worker":1');
    await child.says('"worker":2');
    expect((await ask(api + CHAT, { body: chatRequest() })).status).toBe(200);
    expect(upstream.calls).toHaveLength(1);
  });

  test('is followed by one that is not asked before it is ready', async ({ run }) => {
    const child = run();
    const { api, admin } = await child.ready();
    const [victim] = workersOf(child.pid) as [number];
    process.kill(victim, 'SIGKILL');
    await child.says('a worker has ended');
    await until(() => workersOf(child.pid).filter((pid) => pid !== victim).length === COUNT);
    // From its first moment on, which it takes longer to start than these.
    for (let at = 0; at < 40; at++) expect((await ask(`${admin}/entries`)).status).toBe(200);
    expect((await ask(api + CHAT, { body: chatRequest() })).status).toBe(200);
    expect(child.stderr.split('a worker has ended')).toHaveLength(2);
  });

  test('is replaced later where no process can be started now', async ({ run, upstream }) => {
    const files = 128;
    const child = run([], files);
    const { api } = await child.ready();
    const [victim, busy] = workersOf(child.pid) as [number, number];
    // Connections that a worker does not take stay with the parent.
    for (const pid of [victim, busy]) process.kill(pid, 'SIGSTOP');
    const sockets = Array.from({ length: files }, () => connect(Number(new URL(api).port), '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => {});
    await until(() => filesOf(child.pid).length >= files - 1);
    process.kill(victim, 'SIGKILL');
    await child.says('a worker has ended');
    await child.says('EMFILE');
    for (const socket of sockets) socket.destroy();
    process.kill(busy, 'SIGCONT');
    await until(() => workersOf(child.pid).filter((pid) => pid !== victim).length === COUNT);
    upstream.script = answerAll;
    expect((await ask(api + CHAT, { body: chatRequest() })).status).toBe(200);
  });
});

describe('a stop', () => {
  test('lets a running stream end in each worker, and exits 0', async ({ run, upstream }) => {
    const child = run();
    const { api } = await child.ready();
    const workers = workersOf(child.pid);
    upstream.script = beginStream;
    const live = [begin(api + CHAT, STREAM), begin(api + CHAT, { body: chatRequest('y', { stream: true }) })];
    const calls = [await upstream.called(1), await upstream.called(2)];
    child.signal('SIGTERM');
    await child.says('stopping');
    for (const { response } of calls) response.end(chatEvents().join(''));
    for (const one of live)
      expect(await (await one).ended).toMatchObject({ text: chatEvents().join(''), broken: false });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.stderr).toContain('"requests":2');
    expect(workers.filter(isRunning)).toEqual([]);
  });

  test('cuts visibly what outlasts the drain deadline', async ({ run, upstream }) => {
    const child = run(['--timeouts-drain', '0']);
    const { api } = await child.ready();
    upstream.script = beginStream;
    const live = await begin(api + CHAT, STREAM);
    const { response } = await upstream.called(1);
    response.write(chatEvents()[0]);
    await live.receives(1);
    child.signal('SIGINT');
    const { text, broken } = await live.ended;
    expect(broken).toBe(true);
    expect(text).toContain('event: error\ndata: {"type":"error",');
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  test('ends a worker that hangs, and says nothing of it', async ({ run }) => {
    const child = run(['--timeouts-drain', '0']);
    await child.ready();
    const [hung] = workersOf(child.pid) as [number];
    process.kill(hung, 'SIGSTOP');
    child.signal('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(isRunning(hung)).toBe(false);
    expect(child.stderr).not.toContain('Warning');
  });

  test.for(['at a second signal', 'by kill -9'])('%s ends all workers at once', async (how, { run, upstream }) => {
    const child = run();
    const { api } = await child.ready();
    const workers = workersOf(child.pid);
    upstream.script = beginStream;
    const live = await begin(api + CHAT, STREAM);
    if (how === 'by kill -9') child.signal('SIGKILL');
    else {
      child.signal('SIGTERM');
      await child.says('stopping');
      child.signal('SIGTERM');
    }
    await child.exited;
    expect((await live.ended).broken).toBe(true);
    await until(() => !workers.some(isRunning));
  });
});
