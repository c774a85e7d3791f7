import { duplexPair } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Channel } from '../../src/workers/channel.ts';
import { createHubService } from '../../src/workers/hub-service.ts';
import { NodeHub } from '../../src/workers/node-hub.ts';
import { type HubMember, ParentHub } from '../../src/workers/parent-hub.ts';
import type { ParentServices, WorkerServices } from '../../src/workers/parent-services.ts';
import { createTestClock } from '../harness/clock.ts';
import { keepsTheHubContract, type MeetingPlace } from '../harness/hub-contract.ts';

const onFault = (method: string, error: unknown) => expect(error, method).toBeUndefined();

/** A worker's hub, and the parent's end of the channel to it. */
function joinOver(hub: ParentHub, node: string): NodeHub {
  const [theirs, ours] = duplexPair();
  const parent: Channel<Pick<WorkerServices, 'hub'>> = new Channel({
    socket: theirs,
    services: { hub: createHubService(hub, node) },
    onFault,
    onClose: () => hub.leave(node),
  });
  const member: HubMember = {
    async deliver(message) {
      parent.tell('hub', 'deliver', message);
      await parent.flushed();
      return parent.isOpen;
    },
    news: async (log) => void (await parent.ask('hub', 'news', log)),
    left: (other) => parent.tell('hub', 'left', other),
  };
  hub.join(node, member);
  const worker: Channel<Pick<ParentServices, 'hub'>> = new Channel({
    socket: ours,
    services: {
      hub: {
        deliver: (message: Uint8Array) => own.deliver(message),
        news: (log: Parameters<HubMember['news']>[0]) => own.news(log),
        left: (other: string) => own.left(other),
      },
    },
    onFault,
    onClose: () => own.lost(),
  });
  const own = new NodeHub(
    node,
    (method, ...parameters) => worker.ask('hub', method, ...parameters),
    () => worker.close(),
  );
  return own;
}

async function open(): Promise<MeetingPlace & { readonly hub: ParentHub }> {
  const clock = createTestClock();
  const hub = new ParentHub(clock);
  const stored = new Map<string, number>();
  hub.storedAt = (key) => (stored.has(key) ? Promise.resolve(stored.get(key)) : undefined);
  let joined = 0;
  return {
    hub,
    join: async () => joinOver(hub, `node-${(joined += 1)}`),
    put: async (key, storedAt) => (storedAt === null ? stored.delete(key) : stored.set(key, storedAt)),
    pass: async (ms) => clock.advance(ms),
    settle: (promise) => promise,
    close: async () => {},
  };
}

keepsTheHubContract("the parent's hub", { open, held: 10_000 });

describe('a node that is gone', () => {
  const claim = (token: string) => ({ key: 'k', token, ms: 60_000, seen: null, takesOver: false });

  test('holds no lease from the moment that its channel ends, and then the others are told', async () => {
    const { hub, join } = await open();
    const [a, b] = [await join(), (await join()) as NodeHub];
    expect(await a.claim(claim('t1'))).toEqual({ kind: 'granted' });
    const left = new Promise<string>((resolve) => b.onLeft(resolve));
    await a.close();
    expect(await left).toBe(a.node);
    expect(hub.holder('k')).toBeUndefined();
    expect(await b.claim(claim('t2'))).toEqual({ kind: 'granted' });
    expect(await b.send(a.node, Buffer.from('x'))).toBe(false);
  });

  test('is granted nothing by a claim that was under way', async () => {
    const { hub, join } = await open();
    const a = await join();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    hub.storedAt = () => promise;
    void a.claim(claim('t1'));
    await a.close();
    hub.leave(a.node);
    resolve(undefined);
    await promise;
    expect(hub.holder('k')).toBeUndefined();
  });
});

describe('a lease', () => {
  test('is renewed and given back whatever its holder keeps with it', async () => {
    const { join } = await open();
    const a = await join();
    const lease = { key: 'k', token: 't1', flight: Promise.resolve() };
    await a.claim({ ...{ key: 'k', token: 't1', ms: 60_000 }, seen: null, takesOver: false });
    expect(await a.renew([lease], 60_000)).toEqual([true]);
    expect(await a.release(lease)).toBe(true);
  });
});

describe('a message', () => {
  test('of a megabyte crosses whole', async () => {
    const { join } = await open();
    const [a, b] = [await join(), await join()];
    const sent = Buffer.alloc(1024 * 1024, 'refrain');
    const heard = new Promise<Buffer>((resolve) => b.listen(resolve));
    expect(await a.send(b.node, sent)).toBe(true);
    expect((await heard).equals(sent)).toBe(true);
  });
});
