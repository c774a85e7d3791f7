import { describe, expect, test } from 'vitest';
import { Books } from '../../src/fleet/books.ts';
import type { Clock } from '../../src/clock.ts';
import type { Board } from '../../src/fleet/hub.ts';
import { addUp, pageOf, textOf } from '../../src/fleet/page.ts';
import { type UsageRow, noAmounts } from '../../src/ledger/row.ts';
import type { PricedUsageRecord } from '../../src/ledger/usage-record.ts';
import { createTestClock, type TestClock } from '../harness/clock.ts';
import { callOf, recordOf } from '../ledger/usage-records.ts';

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Notes in memory, which can be out of reach. */
class TestBoard implements Board {
  readonly notes = new Map<string, string>();
  /** Of a call: never arrives, or its reply never does. */
  fault: () => 'there' | 'back' | null = () => null;

  put(name: string, text: string) {
    return this.#do(() => this.notes.set(name, text) !== undefined);
  }

  agree(name: string, text: string) {
    return this.#do(() => {
      if (!this.notes.has(name)) this.notes.set(name, text);
      return this.notes.get(name) as string;
    });
  }

  remove(names: readonly string[]) {
    return this.#do(() => names.every((name) => this.notes.delete(name) || true));
  }

  all() {
    return this.#do(() => new Map(this.notes));
  }

  /** As one node reaches it. */
  over(fault: () => 'there' | 'back' | null): Board {
    const board = new TestBoard();
    return Object.assign(board, { notes: this.notes, fault });
  }

  async #do<T>(act: () => T): Promise<T | null> {
    const fault = this.fault();
    if (fault === 'there') return null;
    const value = act();
    return fault === 'back' ? null : value;
  }
}

const flush = () => new Promise((resolve) => setImmediate(resolve));

async function pass(clock: TestClock, ms: number): Promise<void> {
  const until = clock.now() + ms;
  while (clock.now() < until) {
    clock.advance(Math.min(HOUR, until - clock.now()));
    await flush();
  }
}

/** A clock by which pages are put so many times more seldom. */
const slower = (clock: TestClock, times: number): Clock => ({
  now: () => clock.now(),
  after: (ms, act) => clock.after(ms * times, act),
});

const priced = (clock: TestClock, more: Partial<PricedUsageRecord> = {}): PricedUsageRecord => ({
  ...recordOf({ time: clock.now() }),
  scope: 'private:0123456789ab',
  dollars: null,
  ...more,
});

describe('the books of a fleet', () => {
  test('have the bill of a tag from all nodes, gone ones too', async () => {
    const clock = createTestClock(Date.UTC(2026, 0, 1, 12));
    const slow = slower(clock, 100);
    const board = new TestBoard();
    const [a, b] = ['a', 'b'].map((node) => new Books({ board, node, clock: slow })) as [Books, Books];
    const call = callOf({ input: 10, output: 5 });
    a.observe(priced(clock, { outcome: 'miss', tags: ['run', 'nightly'], call, dollars: 0.5 }));
    b.observe(priced(clock, { outcome: 'hit', tags: ['run'], call, dollars: 0.25 }));
    b.observe(priced(clock, { outcome: 'hit', tags: [], call, dollars: 0.25 }));
    await pass(clock, 1_000 * SECOND);
    const query = { from: null, by: 'tag', name: 'run' } as const;
    const whole = { nodes: 2, requests: 2, hits: 1, misses: 1, dollars: { spent: 0.5, saved: 0.25 }, unnamed: 0 };
    expect(await a.bill(query)).toMatchObject(whole);
    await b.close();
    await pass(clock, 3 * DAY);
    expect(await a.bill(query)).toMatchObject({ ...whole, nodes: 1 });
    expect([...board.notes.keys()].some((name) => name.startsWith('fold:'))).toBe(true);
    await pass(clock, 90 * DAY);
    expect(await a.bill(query)).toMatchObject({ requests: 0 });
  });

  test('tell on each node what all have counted', async () => {
    const clock = createTestClock();
    const board = new TestBoard();
    const [a, b] = ['a', 'b'].map((node) => new Books({ board, node, clock })) as [Books, Books];
    a.observe(
      priced(clock, { outcome: 'miss', why: 'no-store', call: callOf({ input: 10, output: 5 }), dollars: 0.25 }),
    );
    a.observe(priced(clock, { outcome: 'hit', call: callOf({ input: 10, output: 5 }), dollars: 0.25 }));
    b.observe(priced(clock, { outcome: 'bypass', why: 'opted-out', model: 'other' }));
    b.observeCall({ ...priced(clock), call: callOf({ input: 1, output: 1 }), dollars: 0.5 });
    await pass(clock, 10 * SECOND);
    for (const books of [a, b]) {
      const stats = await books.stats();
      expect(stats).toMatchObject({
        nodes: 2,
        since: '2026-01-01',
        periods: {
          all: { requests: 3, hits: 1, misses: 1, bypasses: 1, dollars: { spent: 0.75, saved: 0.25 } },
          today: { tokens: { spent: { input: 11, output: 6 }, saved: { input: 10, output: 5 } } },
        },
      });
      expect(stats?.periods.all.models.map(({ model, requests }) => [model, requests])).toEqual([
        ['gpt-4o-mini', 2],
        ['other', 1],
      ]);
      expect(stats?.periods.all.bypassReasons).toEqual([{ reason: 'opted-out', requests: 1 }]);
      expect(stats?.periods.all.unkeptReasons).toEqual([{ reason: 'no-store', requests: 1 }]);
    }
  });

  test('tell of this process as of now, and of others as of their last word', async () => {
    const clock = createTestClock();
    const board = new TestBoard();
    const [a, b] = ['a', 'b'].map((node) => new Books({ board, node, clock })) as [Books, Books];
    b.observe(priced(clock));
    await b.close();
    a.observe(priced(clock));
    expect(await a.stats()).toMatchObject({ nodes: 2, periods: { all: { requests: 2 } } });
    await pass(clock, 2 * HOUR);
    expect(await a.stats()).toMatchObject({ nodes: 1, periods: { all: { requests: 2 } } });
    board.fault = () => 'there';
    expect(await a.stats()).toBeNull();
  });

  test('count once what may have been put or not', async () => {
    for (const fault of ['there', 'back'] as const) {
      const clock = createTestClock();
      const board = new TestBoard();
      const books = new Books({ board, node: 'a', clock });
      books.observe(priced(clock));
      await pass(clock, 10 * SECOND);
      board.fault = () => fault;
      books.observe(priced(clock));
      await pass(clock, 10 * SECOND);
      books.observe(priced(clock));
      await pass(clock, 35 * SECOND);
      board.fault = () => null;
      expect(await books.stats()).toMatchObject({ periods: { all: { requests: 3 } } });
      await pass(clock, 20 * SECOND);
      expect(await books.stats()).toMatchObject({ nodes: 1, periods: { all: { requests: 3 } } });
      expect(await new Books({ board, node: 'b', clock }).stats()).toMatchObject({ periods: { all: { requests: 3 } } });
    }
  });

  test('hold few pages, however many processes there were', async () => {
    const clock = createTestClock();
    const board = new TestBoard();
    const keeper = new Books({ board, node: 'keeper', clock });
    for (let day = 1; day <= 6; day++) {
      for (let at = 0; at < 10; at++) {
        const books = new Books({ board, node: `${day}.${at}`, clock });
        books.observe(priced(clock));
        await books.close();
      }
      await pass(clock, DAY);
      expect(await keeper.stats()).toMatchObject({ periods: { all: { requests: 10 * day } } });
    }
    await pass(clock, 2 * DAY);
    expect(board.notes.size).toBe(2);
    expect(await keeper.stats()).toMatchObject({ nodes: 1, since: '2026-01-01', periods: { all: { requests: 60 } } });
  });

  test('forget days, and no request, of a process that lives for months', async () => {
    const clock = createTestClock();
    const board = new TestBoard();
    const books = new Books({ board, node: 'a', clock: slower(clock, 360) });
    for (let day = 0; day < 60; day++) {
      for (let at = 0; at < 60; at++) books.observe(priced(clock, { model: `m${day}-${at}`, scope: `s${at}` }));
      await pass(clock, DAY);
    }
    const [text = ''] = board.notes.values();
    expect(pageOf(text)?.rows.length).toBeLessThanOrEqual(500);
    expect(text.length).toBeLessThan(60_000);
    expect(await books.stats()).toMatchObject({ since: '2026-01-01', periods: { all: { requests: 3_600 } } });
  });

  test('read no page of a newer proxy, nor anything odd, and leave it where it is', async () => {
    const clock = createTestClock();
    const board = new TestBoard();
    const odd = [
      '',
      'null',
      '[]',
      '{}',
      '{"version":2}',
      '{"version":1,"node":"x","at":0,"of":[],"rows":[[1]],"reasons":[]}',
    ];
    for (const [at, text] of odd.entries()) board.notes.set(`odd:${at}`, text);
    board.notes.set('fold:7', '{"version":2}');
    const books = new Books({ board, node: 'a', clock });
    books.observe(priced(clock));
    await pass(clock, 3 * DAY);
    expect(await books.stats()).toMatchObject({ nodes: 1, periods: { all: { requests: 1 } } });
    expect(board.notes.size).toBe(odd.length + 2);
  });

  test('add up to what was counted, whatever is lost on the way', async () => {
    for (let seed = 1; seed <= 25; seed++) await play(seed);
  });
});

/** Processes come, count, lose sight of the board and end, for some days; at the end every request counts once. */
async function play(seed: number): Promise<void> {
  const random = createRandom(seed);
  const clock = createTestClock();
  const board = new TestBoard();
  const nodes: { readonly books: Books; outUntil: number }[] = [];
  let born = 0;
  let counted = 0;
  const isOneOf = (share: number) => random() < share;
  const fault = () => (isOneOf(0.5) ? 'there' : 'back');
  const bear = () => {
    const reach = { outUntil: 0 };
    const over = board.over(() => (clock.now() < reach.outUntil || isOneOf(0.05) ? fault() : null));
    const books = new Books({ board: over, node: `n${++born}`, clock: slower(clock, 30) });
    nodes.push(Object.assign(reach, { books }));
  };
  const count = (books: Books) => {
    for (let more = Math.floor(random() * 4); more > 0; more--, counted++) books.observe(priced(clock));
  };
  for (let hour = 0; hour < 24 * 5; hour++) {
    if (nodes.length === 0 || (nodes.length < 4 && isOneOf(0.2))) bear();
    for (const { books } of nodes) count(books);
    const node = nodes[Math.floor(random() * nodes.length)] as (typeof nodes)[0];
    if (isOneOf(0.1)) node.outUntil = clock.now() + random() * 11 * HOUR;
    await pass(clock, HOUR);
    if (clock.now() <= node.outUntil || !isOneOf(0.15)) continue;
    // Long enough for its last word to come through, for it does not count on after that.
    await pass(clock, HOUR);
    await node.books.close();
    nodes.splice(nodes.indexOf(node), 1);
  }
  for (const node of nodes) node.outUntil = 0;
  await pass(clock, HOUR);
  const reader = new Books({ board, node: 'reader', clock });
  const stats = await reader.stats();
  expect(stats?.periods.all.requests, `seed ${seed}`).toBe(counted);
  expect(board.notes.size, `seed ${seed}`).toBeLessThan(born + 2);
}

function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('a page', () => {
  const row = (more: Partial<UsageRow>): UsageRow => ({
    ...noAmounts(),
    day: '2026-01-10',
    scope: 's',
    endpoint: 'chat',
    model: 'm',
    outcome: 'hit',
    requests: 1,
    ...more,
  });

  test('is read as it was written', () => {
    const page = {
      node: 'n',
      at: 12.5,
      of: ['a', 'b'],
      rows: [row({}), row({ model: '鍵"\\', nanoDollars: 123_456_789 })],
      reasons: [{ day: '', outcome: 'miss', why: 'no-store', requests: 3 } as const],
      tags: [{ resolution: 'hour', by: 'tag', time: 3_600, name: 'run', sums: { hit: 2 } } as const],
    };
    expect(pageOf(textOf(page))).toEqual(page);
    // An older proxy reads a page without tags.
    expect(textOf({ ...page, tags: [] })).not.toContain('tags');
  });

  test('keeps the days of a week apart, and what was before as one', () => {
    const days = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04', '2026-01-10'];
    const { rows } = addUp(
      [{ rows: days.map((day) => row({ day })), reasons: [], tags: [] }],
      Date.UTC(2026, 0, 10, 23),
    );
    expect(rows.map(({ day, requests }) => [day, requests])).toEqual([
      ['2026-01-01', 3],
      ['2026-01-04', 1],
      ['2026-01-10', 1],
    ]);
  });
});
