/**
 * The contract of every catalogue, whatever it is made of.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StoredRequest, Entry } from '../../src/response/entry.ts';
import type { Likeness } from '../../src/store/catalogue.ts';
import { type Filter, fits, hasText } from '../../src/store/filter.ts';
import type { Listing, Position, EntryRow, Sort } from '../../src/store/listing.ts';
import type { Subject, WholeStore } from './contract.ts';
import { entryOf } from './entries.ts';

const ROOMY = 100_000_000;
const SCOPES = [`private:${'a1'.repeat(32)}`, `private:${'a2'.repeat(32)}`, 'shared:team', 'shared:team2'];
const TEXTS = ['the sea', 'say "hi"\\\n', '海 🌊', "'; DROP TABLE entries; --", '%_100%'];

export function askedOf(more: Partial<StoredRequest> & { readonly text?: string } = {}): StoredRequest {
  const { text = 'the sea', ...asked } = more;
  const parts = {
    version: '2',
    path: '/v1/chat/completions',
    body: `json:${JSON.stringify({ messages: [{ content: text }] })}`,
  };
  return { endpoint: 'chat', model: 'm', scope: 'shared:team', tags: [], parts, ...asked };
}

const kept = fc.record({
  model: fc.constantFrom('m', 'n', null),
  endpoint: fc.constantFrom('chat' as const, 'responses' as const),
  scope: fc.constantFrom(...SCOPES),
  tags: fc.uniqueArray(fc.constantFrom('x', 'y', 'z')),
  text: fc.constantFrom(...TEXTS),
  age: fc.nat(5),
  length: fc.nat(3),
  uses: fc.nat(3),
});

const filter: fc.Arbitrary<Filter> = fc.record(
  {
    model: fc.constantFrom('m', 'n', 'none'),
    endpoint: fc.constantFrom('chat' as const, 'responses' as const, 'embeddings' as const),
    scope: fc.constantFrom('private:', 'private:a1a1a1a1a1a1', SCOPES[0] as string, 'shared:team', 'shared:none'),
    tag: fc.constantFrom('x', 'none'),
    storedUpTo: fc.nat(5).map((age) => Date.UTC(2026, 0, 1) - age * 1000),
    storedFrom: fc.nat(5).map((age) => Date.UTC(2026, 0, 1) - age * 1000),
    text: fc.constantFrom(...TEXTS, '%', 'sea'),
  },
  { requiredKeys: [] },
);

const sort = fc.constantFrom<Sort>('newest', 'largest', 'most-used');

async function allPages(
  store: WholeStore,
  listing: Omit<Listing, 'after'>,
  between: () => unknown = () => {},
): Promise<EntryRow[]> {
  const rows: EntryRow[] = [];
  let after: Position | null = null;
  do {
    const page = await store.list({ ...listing, after });
    if (!page) throw new Error('it cannot be told');
    expect(page.rows.length).toBeLessThanOrEqual(listing.limit);
    rows.push(...page.rows);
    after = page.next;
    if (after) await between();
  } while (after);
  return rows;
}

export function honoursCatalogue(name: string, subject: Subject): void {
  const { open, settle, countsReplaced = true, isOrdered = true } = subject;
  const keysOf = async (store: WholeStore, some: Filter = {}, order: Sort = 'newest', limit = 2) =>
    (await allPages(store, { filter: some, sort: order, limit })).map(({ key }) => key);

  const fill = async (store: WholeStore, entries: Record<string, Entry>) => {
    for (const [key, entry] of Object.entries(entries)) {
      store.set(key, entry);
      if (!isOrdered) await settle(store);
    }
    await settle(store);
  };

  describe(name, () => {
    test('lists what fits, in each order, a page at a time, and counts and purges the same', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(kept, { maxLength: 12 }),
          filter,
          sort,
          fc.integer({ min: 1, max: 4 }),
          async (wanted, some, order, limit) => {
            const store = await open(ROOMY);
            for (const [index, { length, age, text, uses, ...label }] of wanted.entries()) {
              store.set(
                `${index}`,
                entryOf('.'.repeat(length * 500), {
                  storedAt: Date.UTC(2026, 0, 1) - age * 1000,
                  request: askedOf({ ...label, text }),
                }),
              );
              await settle(store);
              for (let use = 0; use < uses; use += 1) store.use(`${index}`, 1);
            }
            const all = await allPages(store, { filter: {}, sort: 'newest', limit: 5 });
            expect(all.map(({ key }) => Number(key))).toEqual(wanted.keys().toArray().reverse());
            const entryAt = (row: EntryRow) => ({
              storedAt: row.storedAt,
              ...(row.label && { request: { ...row.label, parts: null } }),
            });
            const { text, ...others } = some;
            const fitting = all.filter(
              (row) =>
                fits(others, entryAt(row), row.bytes) &&
                (text === undefined || hasText(`json:${JSON.stringify(wanted[Number(row.key)]?.text)}`, text)),
            );
            const by = ({ key, bytes, hits }: EntryRow) =>
              order === 'newest' ? Number(key) : order === 'largest' ? bytes : hits;
            const expected = fitting
              .toSorted((a, b) => by(b) - by(a) || Number(b.key) - Number(a.key))
              .map(({ key }) => key);
            expect(await keysOf(store, some, order, limit)).toEqual(expected);
            for (const { key, hits } of all) expect(hits).toBe(wanted[Number(key)]?.uses);
            const { storedFrom: _, text: __, ...purge } = some;
            const doomed = all.filter((row) => fits(purge, entryAt(row), row.bytes));
            const tally = { entries: doomed.length, bytes: doomed.reduce((sum, { bytes }) => sum + bytes, 0) };
            expect(await store.count(purge)).toEqual(tally);
            expect(await store.purge(purge)).toEqual(tally);
            expect(await keysOf(store)).toEqual(all.filter((row) => !doomed.includes(row)).map(({ key }) => key));
            await store.close();
          },
        ),
        { numRuns: 20 },
      );
    });

    test('tells no entry twice and leaves out none that stays, while others come, go and are used', async () => {
      for (const order of ['newest', 'largest', 'most-used'] as const) {
        const store = await open(ROOMY);
        const name = (index: number) => `k${String(index).padStart(3, '0')}`;
        await fill(
          store,
          Object.fromEntries(
            Array.from({ length: 60 }, (_, index) => [
              name(index),
              entryOf('.'.repeat(10 * (index % 7)), { request: askedOf() }),
            ]),
          ),
        );
        let round = 0;
        const gone = new Set<string>();
        const rows = await allPages(store, { filter: { model: 'm' }, sort: order, limit: 7 }, async () => {
          round += 1;
          store.set(`new ${round}`, entryOf('new', { request: askedOf() }));
          gone.add(name(round * 5));
          store.delete(name(round * 5));
          await settle(store);
        });
        const keys = rows.map(({ key }) => key);
        expect(new Set(keys).size).toBe(keys.length);
        for (let index = 0; index < 60; index += 1) if (!gone.has(name(index))) expect(keys).toContain(name(index));
      }
    });

    test('tells all of an entry: its label, what was asked, and what it is', async () => {
      const store = await open(ROOMY);
      const call = { usage: { input: 5, cachedInput: 1, output: 3, reasoning: 0 }, firstByteMs: 12, ms: 40 };
      const request = askedOf({ tags: ['b', 'a'], text: '海 "🌊"' });
      const entry = entryOf('text', { expiresAt: Date.UTC(2027, 0, 1), request, call });
      await fill(store, {
        'aa11.json': entry,
        'aa22.sse': entryOf('of a request that is not known'),
        'bb11.json': entryOf('other', { request: askedOf({ model: null, parts: null }) }),
      });
      const [row, unknown] = (await store.listByPrefix('aa', 5)) as [EntryRow, EntryRow];
      const { parts: _, ...label } = request;
      expect(row).toMatchObject({
        key: 'aa11.json',
        label,
        hits: 0,
        storedAt: entry.storedAt,
        expiresAt: entry.expiresAt,
        call,
      });
      expect(unknown).toMatchObject({ key: 'aa22.sse', label: null, expiresAt: Infinity });
      expect((await store.read('aa11.json'))?.request).toEqual(request);
      expect((await store.read('aa11.json'))?.body.toString()).toBe('text');
      expect((await store.read('bb11.json'))?.request).toMatchObject({ model: null, parts: null });
      expect(await store.read('aa11')).toBeUndefined();
      expect(await store.listByPrefix('cc', 5)).toEqual([]);
      expect(await store.listByPrefix('', 2)).toHaveLength(2);
    });

    test('counts how often an entry was served, and from the beginning where it is replaced', async () => {
      const store = await open(ROOMY);
      await fill(store, { a: entryOf('a', { request: askedOf() }), b: entryOf('b', { request: askedOf() }) });
      for (let use = 0; use < 3; use += 1) store.use('a', 1);
      store.use('never set', 1);
      const hitsOf = async (key: string) => (await store.listByPrefix(key, 1))?.[0]?.hits;
      expect([await hitsOf('a'), await hitsOf('b')]).toEqual([3, 0]);
      store.use('a', 1);
      expect(await hitsOf('a')).toBe(4);
      store.use('a', 1);
      store.set('a', entryOf('new', { request: askedOf() }));
      await settle(store);
      expect(await hitsOf('a')).toBe(0);
      store.use('a', 1);
      expect(await hitsOf('a')).toBe(1);
    });

    test('purges what fits at once, and nothing that is set from then on', async () => {
      const store = await open(ROOMY);
      await fill(store, {
        a: entryOf('a', { request: askedOf({ tags: ['x'] }) }),
        b: entryOf('b', { request: askedOf() }),
        c: entryOf('c'),
      });
      store.set('waiting', entryOf('waiting', { request: askedOf({ tags: ['x'] }) }));
      const purging = store.purge({ tag: 'x' });
      expect(await store.get('a')).toBeUndefined();
      expect(await store.get('waiting')).toBeUndefined();
      store.set('a', entryOf('new', { request: askedOf({ tags: ['x'] }) }));
      const purged = (await purging)?.entries;
      expect(purged).toBeLessThanOrEqual(2);
      expect(purged).toBeGreaterThanOrEqual(countsReplaced ? 2 : 1);
      await settle(store);
      expect((await store.get('a'))?.entry.body.toString()).toBe('new');
      expect(await keysOf(store)).toEqual(['a', 'c', 'b']);
      expect((await store.purge({}))?.entries).toBe(3);
      expect(await keysOf(store)).toEqual([]);
    });

    test('finds requests by the first digits of a key or by what they have in common, the newest first', async () => {
      const store = await open(ROOMY);
      const plainOf = (more: Partial<StoredRequest> = {}): StoredRequest => ({
        endpoint: 'chat',
        model: 'm',
        scope: 's',
        tags: [],
        parts: { path: '/v1', body: 'json:{"é":1}' },
        ...more,
      });
      const request: Record<string, StoredRequest> = {
        'aa11.json': plainOf(),
        'aa22.json': plainOf({ parts: null }),
        'bb11.sse': plainOf({ model: null }),
        'cc11.json': plainOf({ scope: 't' }),
        'dd11.json': plainOf({ endpoint: 'responses' }),
        'ee11.json': plainOf(),
      };
      for (const [key, one] of Object.entries(request)) {
        store.set(key, entryOf(key, { request: one }));
        await settle(store);
      }
      store.set('ff11.json', entryOf('of a request that is not known'));
      await settle(store);
      for (const [key, one] of Object.entries(request))
        expect(await store.findByPrefix(key.slice(0, 4))).toEqual({ key, request: one });
      expect(await store.findByPrefix('ff11')).toBeUndefined();
      expect(await store.findByPrefix('0')).toBeUndefined();
      const keysLike = async (like: Likeness, limit = 10) =>
        ((await store.newest(like, limit)) ?? []).map(({ key }) => key);
      expect(await keysLike({ endpoint: 'chat', model: 'm', scope: 's' })).toEqual([
        'ee11.json',
        'aa22.json',
        'aa11.json',
      ]);
      expect(await keysLike({ endpoint: 'chat', model: 'm', scope: 's' }, 1)).toEqual(['ee11.json']);
      expect(await keysLike({ endpoint: 'chat', model: null, scope: 's' })).toEqual(['bb11.sse']);
      expect(await keysLike({ endpoint: 'chat', model: 'x', scope: 's' })).toEqual([]);
      store.delete('ee11.json');
      await settle(store);
      expect(await keysLike({ endpoint: 'chat', model: 'm', scope: 's' })).toEqual(['aa22.json', 'aa11.json']);
    });

    test('forgets an answer under every key that has it, and no other', async () => {
      const store = await open(ROOMY);
      store.set('json', entryOf('json', { answerId: 'resp_1' }));
      store.set('sse', entryOf('sse', { answerId: 'resp_1' }));
      store.set('replaced', entryOf('old', { answerId: 'resp_1' }));
      store.set('other', entryOf('other', { answerId: 'resp_2' }));
      store.set('nameless', entryOf('nameless'));
      await settle(store);
      store.set('replaced', entryOf('new', { answerId: 'resp_3' }));
      store.deleteAnswer('resp_1');
      expect(await store.get('json')).toBeUndefined();
      store.set('again', entryOf('again', { answerId: 'resp_1' }));
      await settle(store);
      const held = [];
      for (const key of ['json', 'sse', 'replaced', 'other', 'nameless', 'again'])
        if (await store.get(key)) held.push(key);
      expect(held).toEqual(['replaced', 'other', 'nameless', 'again']);
    });
  });
}
