/**
 * The contract of every hub, whatever it is made of.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Claim, Hub, SharedLog } from '../../src/fleet/hub.ts';

/** A place where processes meet, new and empty. */
export interface MeetingPlace {
  /** A further process that meets the others here, heard by them from the moment that this resolves. */
  join(): Promise<Hub>;
  /** Stores an entry under a key, as the store of the fleet would, or none for null. */
  put(key: string, storedAt: number | null): Promise<unknown>;
  /** Lets so much time pass for leases. */
  pass(ms: number): Promise<unknown>;
  /** Resolves as the promise does, or throws where it has not after a while; a place with time of its own turns it. */
  settle<T>(promise: Promise<T>): Promise<T>;
  close(): Promise<unknown>;
}

export interface HubSubject {
  open(): Promise<MeetingPlace>;
  /** About so many records are held by a log of purges at least. */
  readonly held: number;
}

const KEY = `${'4f'.repeat(32)}.json`;
const OTHER_KEY = `${'5e'.repeat(32)}.sse`;
/** Long enough that a busy machine does not let it end by itself. */
const LONG = 60_000;
const SHORT = 200;

export function keepsTheHubContract(name: string, { open, held }: HubSubject): void {
  describe(name, () => {
    async function meet(count = 2): Promise<{ place: MeetingPlace; hubs: Hub[]; settle: MeetingPlace['settle'] }> {
      const place = await open();
      const hubs: Hub[] = [];
      onTestFinished(async () => {
        for (const hub of hubs) await place.settle(hub.close());
        await place.close();
      });
      for (let at = 0; at < count; at++) hubs.push(await place.join());
      return { place, hubs, settle: (promise) => place.settle(promise) };
    }

    const claim = (token: string, more: Partial<Claim> = {}): Claim => ({
      key: KEY,
      token,
      ms: LONG,
      seen: null,
      takesOver: false,
      ...more,
    });

    describe('a lease', () => {
      test('is granted to one at a time', async () => {
        const { hubs, settle } = await meet();
        const [a, b] = hubs as [Hub, Hub];
        const held = { kind: 'held', node: a.node, token: 't1' };
        expect(await settle(a.claim(claim('t1')))).toEqual({ kind: 'granted' });
        expect(await settle(b.claim(claim('t2')))).toEqual(held);
        expect(await settle(a.claim(claim('t3')))).toEqual(held);
        expect(await settle(b.claim(claim('t2', { key: OTHER_KEY })))).toEqual({ kind: 'granted' });
      });

      test('is granted to one of many that claim it at once', async () => {
        const { hubs, settle } = await meet(3);
        const claims = hubs.flatMap((hub, at) => ['x', 'y', 'z'].map((turn) => hub.claim(claim(`${turn}${at}`))));
        const claimed = await settle(Promise.all(claims));
        expect(claimed.filter((one) => one?.kind === 'granted')).toHaveLength(1);
        expect(claimed.filter((one) => one?.kind === 'held')).toHaveLength(claims.length - 1);
      });

      test('can be claimed by the next once it is given back', async () => {
        const { hubs, settle } = await meet();
        const [a, b] = hubs as [Hub, Hub];
        await settle(a.claim(claim('t1')));
        expect(await settle(a.release({ key: KEY, token: 't1' }))).toBe(true);
        expect(await settle(b.claim(claim('t2')))).toEqual({ kind: 'granted' });
      });

      test('is not given back by who does not hold it', async () => {
        const { hubs, settle } = await meet();
        const [a, b] = hubs as [Hub, Hub];
        await settle(a.claim(claim('t1')));
        for (const token of ['t2', 't', 't11', '']) {
          expect(await settle(b.release({ key: KEY, token })), token).toBe(false);
        }
        expect(await settle(b.claim(claim('t2')))).toMatchObject({ kind: 'held', token: 't1' });
        expect(await settle(b.release({ key: OTHER_KEY, token: 't1' }))).toBe(false);
      });

      test('ends by itself where it is not renewed', async () => {
        const { place, hubs, settle } = await meet();
        const [a, b] = hubs as [Hub, Hub];
        await settle(a.claim(claim('t1', { ms: SHORT })));
        await place.pass(2 * SHORT);
        expect(await settle(a.renew([{ key: KEY, token: 't1' }], LONG))).toEqual([false]);
        expect(await settle(b.claim(claim('t2')))).toEqual({ kind: 'granted' });
      });

      test('holds on where it is renewed, and tells which are lost', async () => {
        const { place, hubs, settle } = await meet();
        const [a, b] = hubs as [Hub, Hub];
        await settle(a.claim(claim('t1', { ms: 5 * SHORT })));
        await settle(b.claim(claim('t2', { key: OTHER_KEY })));
        const leases = [
          { key: OTHER_KEY, token: 't1' },
          { key: KEY, token: 't1' },
          { key: `${'6d'.repeat(32)}.json`, token: 't1' },
        ];
        expect(await settle(a.renew(leases, LONG))).toEqual([false, true, false]);
        await place.pass(6 * SHORT);
        expect(await settle(b.claim(claim('t3')))).toMatchObject({ kind: 'held', node: a.node, token: 't1' });
        expect(await settle(a.renew([], LONG))).toEqual([]);
      });

      test('of many is renewed at once', async () => {
        const { hubs, settle } = await meet(1);
        const [a] = hubs as [Hub];
        const leases = Array.from({ length: 250 }, (_, at) => ({
          key: `${at.toString(16).padStart(64, '0')}.sse`,
          token: `t${at}`,
        }));
        for (const lease of leases) await settle(a.claim(claim(lease.token, { key: lease.key })));
        await settle(a.release(leases[123] as (typeof leases)[0]));
        expect(await settle(a.renew(leases, LONG))).toEqual(leases.map((_, at) => at !== 123));
      });

      test('is taken over whoever holds it', async () => {
        const { hubs, settle } = await meet();
        const [a, b] = hubs as [Hub, Hub];
        await settle(a.claim(claim('t1')));
        expect(await settle(b.claim(claim('t2', { takesOver: true })))).toEqual({ kind: 'granted' });
        expect(await settle(a.renew([{ key: KEY, token: 't1' }], LONG))).toEqual([false]);
        expect(await settle(a.release({ key: KEY, token: 't1' }))).toBe(false);
        expect(await settle(a.claim(claim('t3')))).toEqual({ kind: 'held', node: b.node, token: 't2' });
      });

      test('is taken over whatever is stored by then', async () => {
        const { place, hubs, settle } = await meet(1);
        const [a] = hubs as [Hub];
        await place.put(KEY, 1_700_000_000_123);
        expect(await settle(a.claim(claim('t1', { takesOver: true })))).toEqual({ kind: 'granted' });
        expect(await settle(a.renew([{ key: KEY, token: 't1' }], LONG))).toEqual([true]);
      });

      test('that was silent is taken over once, by the first that names it', async () => {
        const { hubs, settle } = await meet(3);
        const [a, b, c] = hubs as [Hub, Hub, Hub];
        await settle(a.claim(claim('t1')));
        expect(await settle(b.claim(claim('t2', { takesOver: 't0' })))).toMatchObject({ kind: 'held', token: 't1' });
        expect(await settle(b.claim(claim('t2', { takesOver: 't1' })))).toEqual({ kind: 'granted' });
        expect(await settle(c.claim(claim('t3', { takesOver: 't1' })))).toMatchObject({ kind: 'held', token: 't2' });
        await settle(b.release({ key: KEY, token: 't2' }));
        expect(await settle(c.claim(claim('t3', { takesOver: 't1' })))).toEqual({ kind: 'granted' });
      });

      test('is not granted where an entry has come that the claimant has not seen', async () => {
        const { place, hubs, settle } = await meet();
        const [a, b] = hubs as [Hub, Hub];
        const storedAt = 1_700_000_000_123;
        const stored = { kind: 'stored', storedAt };
        await place.put(KEY, storedAt);
        expect(await settle(a.claim(claim('t1')))).toEqual(stored);
        expect(await settle(a.claim(claim('t2', { seen: storedAt - 1 })))).toEqual(stored);
        expect(await settle(a.claim(claim('t3', { takesOver: 't0' })))).toEqual(stored);
        expect(await settle(a.claim(claim('t4', { seen: storedAt })))).toEqual({ kind: 'granted' });
        expect(await settle(b.claim(claim('t5')))).toEqual(stored);
        expect(await settle(b.claim(claim('t5', { seen: storedAt })))).toMatchObject({ kind: 'held', token: 't4' });
      });

      test('is granted where the entry that was seen is gone', async () => {
        const { place, hubs, settle } = await meet();
        const [a] = hubs as [Hub];
        await place.put(KEY, 1_700_000_000_123);
        await place.put(KEY, null);
        expect(await settle(a.claim(claim('t1', { seen: 1_700_000_000_123 })))).toEqual({ kind: 'granted' });
      });
    });

    /** Resolves once the hub hears what is sent to it, which may take it a moment. */
    async function listenAt(place: MeetingPlace, hub: Hub, listener: (message: Buffer) => void): Promise<void> {
      const knock = Buffer.from('knock');
      let isHeard = false;
      hub.listen((message) => (message.equals(knock) ? (isHeard = true) : listener(message)));
      while (!isHeard) {
        await place.settle(hub.send(hub.node, knock));
        await place.pass(SHORT / 10);
      }
    }

    describe('messages', () => {
      test('come in the order sent, whole, at the node that they were sent to', async () => {
        const { place, hubs, settle } = await meet(3);
        const [a, b, c] = hubs as [Hub, Hub, Hub];
        const heard: Buffer[] = [];
        const elsewhere: Buffer[] = [];
        const sent = Array.from({ length: 50 }, (_, at) => Buffer.from([0, 255, 13, 10, at]));
        sent.push(Buffer.alloc(100_000, 'long'), Buffer.alloc(0));
        const all = Promise.withResolvers<void>();
        await listenAt(place, b, (message) => heard.push(message) === sent.length && all.resolve());
        for (const hub of [a, c]) await listenAt(place, hub, (message) => elsewhere.push(message));
        const took = await settle(Promise.all(sent.map((message) => a.send(b.node, message))));
        await settle(all.promise);
        expect(took).toEqual(sent.map(() => true));
        expect(Buffer.concat(heard).equals(Buffer.concat(sent))).toBe(true);
        expect(heard.map(({ length }) => length)).toEqual(sent.map(({ length }) => length));
        expect(elsewhere).toEqual([]);
      });

      test('are heard by a node that sends to itself', async () => {
        const { place, hubs, settle } = await meet(1);
        const [a] = hubs as [Hub];
        const heard = Promise.withResolvers<string>();
        await listenAt(place, a, (message) => heard.resolve(message.toString()));
        await settle(a.send(a.node, Buffer.from('to myself')));
        expect(await settle(heard.promise)).toBe('to myself');
      });

      test('from several are heard in the order of each', async () => {
        const { place, hubs, settle } = await meet(3);
        const [a, b, c] = hubs as [Hub, Hub, Hub];
        const heard: string[] = [];
        const all = Promise.withResolvers<void>();
        await listenAt(place, c, (message) => heard.push(message.toString()) === 40 && all.resolve());
        await settle(
          Promise.all(
            Array.from({ length: 20 }, (_, at) => at).flatMap((at) =>
              (
                [
                  ['a', a],
                  ['b', b],
                ] as const
              ).map(([from, hub]) => hub.send(c.node, Buffer.from(`${from}${at}`))),
            ),
          ),
        );
        await settle(all.promise);
        for (const from of ['a', 'b']) {
          const own = heard.filter((text) => text.startsWith(from)).map((text) => Number(text.slice(1)));
          expect(own).toEqual([...own].sort((one, other) => one - other));
        }
      });

      test('bear the name of a node that no other has', async () => {
        const { hubs } = await meet(3);
        expect(new Set(hubs.map(({ node }) => node)).size).toBe(3);
        for (const { node } of hubs) expect(node).toMatch(/^[\w.-]{1,64}$/);
      });
    });

    describe('a log', () => {
      const texts = (slice: Awaited<ReturnType<SharedLog['read']>>) => slice?.records.map(({ text }) => text);
      const ids = (slice: Awaited<ReturnType<SharedLog['read']>>) => slice?.records.map(({ id }) => id);

      test('is empty at first, and has its name already', async () => {
        const { hubs, settle } = await meet();
        const [a, b] = hubs as [Hub, Hub];
        const slice = await settle(a.log('purges').read(0, 10));
        expect(slice).toEqual({ incarnation: expect.any(String), first: 1, last: 0, records: [] });
        expect(slice?.incarnation).not.toBe('');
        expect(await settle(b.log('purges').append('first'))).toBe(1);
        expect((await settle(b.log('purges').read(0, 10)))?.incarnation).toBe(slice?.incarnation);
      });

      test('has ids that grow by one, whoever appends', async () => {
        const { hubs, settle } = await meet();
        const [a, b] = hubs as [Hub, Hub];
        const appended: (number | null)[] = [];
        for (const [at, hub] of [a, b, b, a].entries()) appended.push(await settle(hub.log('purges').append(`r${at}`)));
        expect(appended).toEqual([1, 2, 3, 4]);
        for (const hub of hubs) {
          const slice = await settle(hub.log('purges').read(0, 100));
          expect(slice).toMatchObject({ first: 1, last: 4 });
          expect(texts(slice)).toEqual(['r0', 'r1', 'r2', 'r3']);
          expect(ids(slice)).toEqual([1, 2, 3, 4]);
        }
      });

      test('gives each of many that append at once an id of its own', async () => {
        const { hubs, settle } = await meet();
        const appends = Array.from({ length: 40 }, (_, at) => (hubs[at % 2] as Hub).log('callers').append(`${at}`));
        const appended = await settle(Promise.all(appends));
        expect(new Set(appended)).toEqual(new Set(Array.from({ length: 40 }, (_, at) => at + 1)));
        const slice = await settle((hubs[0] as Hub).log('callers').read(0, 100));
        for (const { id, text } of slice?.records ?? []) expect(appended[Number(text)]).toBe(id);
      });

      test('is read from any place, so much at a time', async () => {
        const { hubs, settle } = await meet(1);
        const log = (hubs[0] as Hub).log('purges');
        for (let at = 1; at <= 10; at++) await settle(log.append(`r${at}`));
        expect(ids(await settle(log.read(3, 4)))).toEqual([4, 5, 6, 7]);
        expect(await settle(log.read(3, 4))).toMatchObject({ first: 1, last: 10 });
        expect(ids(await settle(log.read(9, 4)))).toEqual([10]);
        expect(ids(await settle(log.read(10, 4)))).toEqual([]);
        expect(ids(await settle(log.read(99, 4)))).toEqual([]);
      });

      test('is another under another name', async () => {
        const { hubs, settle } = await meet(1);
        const [a] = hubs as [Hub];
        await settle(a.log('purges').append('a purge'));
        expect(await settle(a.log('callers').append('a caller'))).toBe(1);
        expect(texts(await settle(a.log('callers').read(0, 10)))).toEqual(['a caller']);
      });

      test('holds what was written, whatever it is', async () => {
        const { hubs, settle } = await meet(1);
        const log = (hubs[0] as Hub).log('purges');
        const written = ['{"a":"鍵 🔑"}', '', 'a\r\nb\0c', 'x'.repeat(50_000)];
        for (const text of written) await settle(log.append(text));
        expect(texts(await settle(log.read(0, 10)))).toEqual(written);
      });

      test('says that there is news to all, also to who wrote it', async () => {
        const { place, hubs, settle } = await meet(3);
        const called = new Set<Hub>();
        for (const hub of hubs) hub.log('purges').onNews(() => called.add(hub));
        while (called.size < 3) {
          await settle((hubs[0] as Hub).log('purges').append('news'));
          await place.pass(SHORT / 10);
        }
      });

      test('is bounded: its oldest records are dropped', async () => {
        const { hubs, settle } = await meet(1);
        const log = (hubs[0] as Hub).log('purges');
        const count = 2 * held + 300;
        for (let at = 1; at <= count; at++) await settle(log.append(`r${at}`));
        const slice = await settle(log.read(0, count));
        expect(slice?.last).toBe(count);
        expect(slice?.first).toBeGreaterThan(1);
        const holds = count - (slice?.first ?? 0) + 1;
        expect(holds).toBeGreaterThanOrEqual(held);
        expect(ids(slice)).toEqual(Array.from({ length: holds }, (_, at) => (slice?.first ?? 0) + at));
      });
    });

    describe('a board', () => {
      test('shows to all what was put on it, one note under each name', async () => {
        const { hubs, settle } = await meet();
        const [a, b] = hubs as [Hub, Hub];
        expect(await settle(a.board('books').all())).toEqual(new Map());
        expect(await settle(a.board('books').put('one', 'first'))).toBe(true);
        expect(await settle(b.board('books').put('two', '鍵 🔑\r\n\0'))).toBe(true);
        expect(await settle(b.board('books').put('one', 'second'))).toBe(true);
        const notes = new Map([
          ['one', 'second'],
          ['two', '鍵 🔑\r\n\0'],
        ]);
        for (const hub of hubs) expect(await settle(hub.board('books').all())).toEqual(notes);
        expect(await settle(a.board('facts').all())).toEqual(new Map());
      });

      test('keeps the first of what is to be agreed', async () => {
        const { hubs, settle } = await meet(3);
        const agreed = await settle(Promise.all(hubs.map((hub, at) => hub.board('facts').agree('fact', `f${at}`))));
        expect(new Set(agreed).size).toBe(1);
        expect(await settle((hubs[0] as Hub).board('facts').all())).toEqual(new Map([['fact', agreed[0]]]));
      });

      test('has notes taken from it', async () => {
        const { hubs, settle } = await meet(1);
        const board = (hubs[0] as Hub).board('books');
        for (const note of ['a', 'b', 'c']) await settle(board.put(note, note));
        expect(await settle(board.remove(['a', 'c', 'never there']))).toBe(true);
        expect(await settle(board.all())).toEqual(new Map([['b', 'b']]));
        expect(await settle(board.remove([]))).toBe(true);
      });
    });

    test('a hub is up, and says nothing more once it is closed', async () => {
      const { hubs, settle } = await meet();
      const [a, b] = hubs as [Hub, Hub];
      expect(a.state).toBe('up');
      await settle(a.close());
      expect(await settle(a.claim(claim('t1')))).toBeNull();
      expect(await settle(a.board('facts').all())).toBeNull();
      expect(await settle(b.claim(claim('t2')))).toEqual({ kind: 'granted' });
    });
  });
}
