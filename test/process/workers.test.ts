import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { answerAll, beginStream, CHAT, chatEvents, chatRequest } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { Child } from '../harness/child.ts';
import { processTest } from '../harness/process-harness.ts';
import { until } from '../harness/until.ts';

const COUNT = 2;

interface Cast {
  readonly run: (flags?: readonly string[]) => Child;
}

const test = processTest.extend<Cast>({
  run: async ({ folder, upstream }, use) => {
    const children: Child[] = [];
    await use((flags = []) => {
      const own = ['--port', '0', '--admin-port', '0', '--workers', String(COUNT)];
      const child = new Child([...own, '--upstream', `${upstream.url}/v1`, ...flags], folder, {});
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

  test('add up in the usage ledger, in metrics and in events', async ({ run }) => {
    const { api, admin } = await run().ready();
    const events = await begin(`${admin}/events`);
    for (let at = 0; at < 6; at++) await ask(api + CHAT, { body: chatRequest(`question ${at < 3}`) });
    expect(await statsOf(admin)).toMatchObject({ requests: 6, hits: 4, misses: 2 });
    const { text } = await ask(`${admin}/metrics`);
    expect(text).toContain('refrain_requests_total{outcome="hit",endpoint="chat"} 4');
    expect(text).toContain('refrain_flights 0');
    // Two entries, each of them in the memory of both.
    expect(text).toContain(`refrain_store_entries{tier="memory"} ${2 * COUNT}`);
    expect(text).toContain('refrain_store_entries{tier="sqlite"} 2');
    await until(() => events.received.toString().split('data: ').length === 7);
    events.hangUp();
    // How often each was served is written down some time later.
    const listed = async () => JSON.parse((await ask(`${admin}/entries`)).text).entries;
    const expected = { tier: 'memory', hits: 2 };
    await expect.poll(listed).toMatchObject([expected, expected]);
  });

  test('leave the files to their parent', async ({ run, folder }) => {
    const child = run();
    const { api } = await child.ready();
    for (let at = 0; at < COUNT; at++) await ask(api + CHAT, { body: chatRequest(`question ${at}`) });
    const kept = (pid: number) => filesOf(pid).filter((file) => file.startsWith(join(folder, '.refrain')));
    await until(() => kept(child.pid).length > 0);
    for (const pid of workersOf(child.pid)) expect(kept(pid)).toEqual([]);
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
