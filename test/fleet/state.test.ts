import { describe, expect } from 'vitest';
import type { ProxyBill, ProxyStats } from '../../src/cli/proxy-data.ts';
import { createConfig } from '../../src/config/config.ts';
import { CheckedAdminClient } from '../admin/checked-client.ts';
import { showStats } from '../../src/cli/stats.ts';
import { recordOutput } from '../cli/recorder.ts';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from './nodes.ts';

const read = async <T>({ adminUrl }: Proxy, path: string) =>
  (await new CheckedAdminClient(adminUrl).ask<T>('GET', path)).value;
const statsOf = (node: Proxy) => read<ProxyStats>(node, '/stats');
const ready = (node: Proxy) => read<object>(node, '/readyz');
const upOf = async ({ adminUrl }: Proxy) =>
  Number(/^refrain_file_up\{file="redis"\} (\d)$/m.exec((await ask(`${adminUrl}/metrics`)).text)?.[1]);

describe('of a fleet', () => {
  story('any node tells what all have counted, also those that have ended', async ({ join }) => {
    const [a, b] = [await join(), await join()];
    for (const content of ['x', 'y', 'x']) await ask(a.url + CHAT, { body: chatRequest(content) });
    for (const content of ['x', 'z']) await ask(b.url + CHAT, { body: chatRequest(content) });
    await b.stop();
    const { periods, fleet } = await statsOf(a);
    expect(periods.all).toMatchObject({ requests: 3, misses: 2 });
    expect(fleet).toMatchObject({ nodes: 2, periods: { all: { requests: 5, hits: 2, misses: 3 } } });
    await a.stop();
    const c = await join();
    expect((await statsOf(c)).fleet).toMatchObject({ nodes: 3, periods: { today: { requests: 5 } } });
    expect((await statsOf(c)).periods.all.requests).toBe(0);
  });

  story('the command shows all nodes beside the one that it asks', async ({ join, redis }) => {
    const [a, b] = [await join(), await join()];
    for (const node of [a, b]) await ask(node.url + CHAT, { body: chatRequest('x') });
    await b.stop();
    const show = async () => {
      const output = recordOutput();
      await showStats({ target: { config: createConfig(), url: a.adminUrl }, json: false, summed: {} }, output);
      return output.printed.join('\n');
    };
    const shown = await show();
    expect(shown).toMatch(/^requests +1 +1 +1$/m);
    expect(shown).toMatch(/^fleet +today +7 days +all\nrequests +2 +2 +2\n +hits +1 +1 +1$/m);
    expect(shown).toMatch(/^The fleet: 2 nodes within the last minute; counted since \d{4}-\d\d-\d\d\.$/m);
    await redis.kill('SIGKILL');
    await expect.poll(show).toContain('The other nodes of the fleet cannot be read: Redis is out of reach.');
  });

  story('any node has the bill of a tag for all', async ({ join }) => {
    const [a, b] = [await join(), await join()];
    const headers = { 'x-refrain-tags': 'run' };
    for (const node of [a, b]) await ask(node.url + CHAT, { body: chatRequest('x'), headers });
    await b.stop();
    const bill = await read<ProxyBill>(a, '/stats?tag=run');
    expect(bill).toMatchObject({ tag: 'run', requests: 1, misses: 1, fleet: { requests: 2, hits: 1, misses: 1 } });
  });

  story('readiness does not depend on Redis, and says where it is out of reach', async ({ join, redis }) => {
    const node = await join();
    expect(await ready(node)).toEqual({ status: 'ready' });
    expect(await upOf(node)).toBe(1);
    await redis.kill('SIGKILL');
    await expect.poll(() => ready(node)).toEqual({ status: 'ready', redis: 'down' });
    expect(await upOf(node)).toBe(0);
    expect((await statsOf(node)).fleet).toBeNull();
    await redis.start();
    await expect.poll(() => ready(node)).toEqual({ status: 'ready' });
    expect(await upOf(node)).toBe(1);
    await expect.poll(async () => (await statsOf(node)).fleet).toMatchObject({ nodes: 1 });
  });

  story('metrics tell how often leave to lead was claimed', async ({ join }) => {
    const [a, b] = [await join(), await join()];
    await ask(a.url + CHAT, { body: chatRequest('x') });
    await a.app.store.written();
    await ask(b.url + CHAT, { body: chatRequest('x') });
    const { text } = await ask(`${a.adminUrl}/metrics`);
    expect(text).toMatch(/^refrain_claims_total\{result="granted"\} 1$/m);
    expect(text).toMatch(/^refrain_unshared_total\{reason="fenced"\} 0$/m);
    await expect
      .poll(async () => (await ask(`${a.adminUrl}/metrics`)).text)
      .toMatch(/^refrain_store_bytes\{tier="redis"\} [1-9]\d+$/m);
    expect(text).toMatch(/^refrain_leases_lost_total 0$/m);
    expect(text).toMatch(/^refrain_remote_flights 0$/m);
    expect(text).toMatch(/^refrain_remote_readers 0$/m);
  });

  story('a node that is alone says nothing of others', async ({ open }) => {
    const node = await open();
    expect(await statsOf(node)).not.toHaveProperty('fleet');
    expect(await ready(node)).toEqual({ status: 'ready' });
    expect(await upOf(node)).toBeNaN();
  });

  story('a node with another secret does not start', async ({ join }) => {
    await join();
    await expect(join({ secret: 'cd'.repeat(32) })).rejects.toThrow(
      /the secret of this proxy is not that of the fleet/,
    );
  });
});
