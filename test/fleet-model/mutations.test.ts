/**
 * The model can fail: where a single rule is broken, it says so.
 */
import { expect, test } from 'vitest';
import { decodeMessage, encodeMessage } from '../../src/fleet/messages.ts';
import type { Sabotage } from './node.ts';
import { runSchedule } from './schedule.ts';
import type { SimulatedHub } from './simulated-hub.ts';

const FIRST = 1;
/** The schedules within which each is to be found. */
const MOST = 4_000;

/** Has every message changed on its way to a node. */
function receives(hub: SimulatedHub, change: (received: Buffer) => Buffer | null): void {
  const listen = hub.listen.bind(hub);
  hub.listen = (listener) =>
    listen((received) => {
      const changed = change(received);
      if (changed) listener(changed);
    });
}

const MUTATIONS: Readonly<Record<string, Sabotage>> = {
  'every claim is granted': {
    hub: (hub) => {
      const claim = hub.claim.bind(hub);
      hub.claim = (request) => claim({ ...request, takesOver: true });
    },
  },
  'entries are written without a fence': {
    store: (store) => {
      const set = store.set.bind(store);
      store.set = (key, entry) => set(key, entry);
    },
  },
  'a lease is given back before its entry is written': {
    store: (store) => {
      const set = store.set.bind(store);
      store.set = (key, entry, fence) => {
        if (fence) void store.hub.release(fence);
        setImmediate(() => set(key, entry, fence));
      };
    },
  },
  'leases are not renewed': {
    hub: (hub) => {
      hub.renew = async (leases) => leases.map(() => true);
    },
  },
  'leases are not given back': {
    hub: (hub) => {
      hub.release = async () => true;
    },
  },
  'no piece has an offset': {
    hub: (hub) => {
      const bytes = new Map<string, number>();
      receives(hub, (raw) => {
        const received = decodeMessage(raw);
        if (!received || !('offset' in received.message)) return raw;
        const { session, attempt, kind } = received.message;
        if (kind === 'join' || kind === 'want') return raw;
        const offset = bytes.get(`${session} ${attempt}`) ?? 0;
        bytes.set(`${session} ${attempt}`, offset + received.bytes.length);
        return encodeMessage({ ...received.message, offset }, [received.bytes]);
      });
    },
  },
  'the end says nothing of how much there is': {
    hub: (hub) =>
      receives(hub, (raw) => {
        const received = decodeMessage(raw);
        return received?.message.kind === 'end' ? encodeMessage({ ...received.message, offset: 0 }) : raw;
      }),
  },
  'no leader has beats': {
    hub: (hub) => receives(hub, (raw) => (decodeMessage(raw)?.message.kind === 'beat' ? null : raw)),
  },
  'no silence is noticed': {
    node: ({ leases }) => {
      leases.live.watch = () => {};
    },
  },
  'who follows what is given up is not told': {
    node: ({ leases }) => {
      leases.live.released = () => {};
    },
  },
  'a leader need not know what its follower knows to be purged': {
    purges: () => ({ mark: undefined, isShared: true }),
  },
  'a node forgets what it threw away itself': {
    purges: (purges) => ({
      get mark() {
        return purges.mark;
      },
      isShared: true,
    }),
  },
  'purged entries are served': {
    node: ({ purges }) => {
      purges.judge = () => 'kept';
    },
  },
  'purges do not fence what is on its way': {
    node: ({ cache }) => {
      cache.removals.heed = () => {};
    },
  },
};

test.each(Object.entries(MUTATIONS))('it is found where %s', async (_, sabotage) => {
  let found: string | null = null;
  for (let seed = FIRST; seed < FIRST + MOST && found === null; seed++) found = await runSchedule(seed, sabotage);
  expect(found).not.toBeNull();
});
