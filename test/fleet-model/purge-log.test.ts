import { beforeEach, describe, expect, test, vi } from 'vitest';
import { SharedPurgeLog } from '../../src/fleet/purge-log.ts';
import type { Entry } from '../../src/response/entry.ts';
import type { GoneNews } from '../../src/store/gone.ts';
import { entryOf } from '../store/entries.ts';
import { createLogBench, type LogBench } from './log-bench.ts';
import type { SimulatedHub } from './simulated-hub.ts';

let bench: LogBench;

beforeEach(() => {
  bench = createLogBench();
});

interface Node {
  readonly log: SharedPurgeLog;
  readonly hub: SimulatedHub;
  /** All that it was to throw away. */
  readonly heeded: (GoneNews | 'all')[];
  /** An entry of an answer that is asked for now. */
  entry(more?: Partial<Entry>): Entry;
}

async function join(name: string, ms = 100): Promise<Node> {
  const { server, clock, pass } = bench;
  const hub = server.connect(name);
  const heeded: (GoneNews | 'all')[] = [];
  const heedAll = () => void (heeded.at(-1) === 'all' || heeded.push('all'));
  const log = new SharedPurgeLog({ hub, clock, heed: (gone) => void heeded.push(gone), heedAll });
  void log.start();
  await pass(ms);
  const entry = (more: Partial<Entry> = {}) => entryOf('text', { ...more, ...(log.mark && { purgeMark: log.mark }) });
  return { log, hub, heeded, entry };
}

/** The judgement after what is to be read on has been. */
async function judged({ log }: Node, key: string, entry: Entry): Promise<string> {
  if (log.judge(key, entry) === 'unknown') {
    void log.catchUp();
    await bench.pass(100);
  }
  return log.judge(key, entry);
}

const labelled = (tags: string[], model = 'gpt', scope = 'shared:all') => ({
  request: { endpoint: 'chat' as const, model, scope, tags, parts: null },
});

describe('a purge', () => {
  test('is heeded by every node, and by each once', async () => {
    const [a, b] = [await join('a'), await join('b')];
    const logging = a.log.append({ key: 'k' });
    await bench.pass();
    expect(await logging).toBe(true);
    await bench.pass(3_000);
    expect(b.heeded).toEqual(['all', { key: 'k' }]);
    // It has thrown it away already.
    expect(a.heeded).toEqual(['all']);
  });

  test('makes misses of all that fits and was asked for before, and of nothing else', async () => {
    const [a, b] = [await join('a'), await join('b')];
    const before = b.entry({ answerId: 'id', ...labelled(['red', 'blue']) });
    const other = b.entry({ answerId: 'another', ...labelled(['green'], 'other', 'shared:allied') });
    for (const gone of [
      { key: 'k' },
      { answerId: 'id' },
      { purge: { tag: 'blue' } },
      { purge: { model: 'gpt' } },
      { purge: { scope: 'shared:all' } },
      { purge: { endpoint: 'chat', scope: 'shared:all', tag: 'red' } },
    ] as const) {
      const [old, oldOther] = [
        { ...before, ...a.entry(before) },
        { ...other, ...a.entry(other) },
      ];
      expect(await judged(b, 'k', old)).toBe('kept');
      void a.log.append(gone);
      await bench.pass(50);
      expect(await judged(b, 'k', old)).toBe('purged');
      expect(await judged(b, 'other', oldOther)).toBe('kept');
      expect(await judged(b, 'k', a.entry(before))).toBe('kept');
    }
    void a.log.append({ purge: {} });
    await bench.pass(50);
    expect(await judged(b, 'other', other)).toBe('purged');
  });

  test('of a private scope is about the one that begins so', async () => {
    const a = await join('a');
    const [mine, other] = ['ab'.repeat(32), `${'ab'.repeat(8)}${'cd'.repeat(24)}`].map((digits) =>
      a.entry(labelled([], 'gpt', `private:${digits}`)),
    ) as [Entry, Entry];
    void a.log.append({ purge: { scope: `private:${'ab'.repeat(12)}` } });
    await bench.pass(50);
    expect([await judged(a, 'k', mine), await judged(a, 'k', other)]).toEqual(['purged', 'kept']);
    void a.log.append({ purge: { scope: 'private:ab' } });
    await bench.pass(50);
    expect(await judged(a, 'k', other)).toBe('purged');
  });

  test('of what is older than a time is about nothing that was stored later', async () => {
    const a = await join('a');
    const [old, young] = [a.entry({ storedAt: 1_000 }), a.entry({ storedAt: 2_000 })];
    void a.log.append({ purge: { storedUpTo: 1_500 } });
    await bench.pass(50);
    expect([await judged(a, 'k', old), await judged(a, 'k', young)]).toEqual(['purged', 'kept']);
  });

  test('is heeded where no news of it came', async () => {
    const [a, b] = [await join('a'), await join('b')];
    bench.cutOff.add('b');
    void a.log.append({ key: 'k' });
    await bench.pass();
    bench.cutOff.delete('b');
    expect(b.heeded).toEqual(['all']);
    await bench.pass(1_100);
    expect(b.heeded).toEqual(['all', { key: 'k' }]);
  });
});

describe('an entry', () => {
  test('without a mark, of another log, or from before the log reaches back, is a miss', async () => {
    const a = await join('a');
    bench.server.log('purges').most = 3;
    const first = a.entry();
    for (const key of ['a', 'b', 'c', 'd']) void a.log.append({ key });
    await bench.pass(50);
    const now = a.entry();
    expect(await judged(a, 'k', now)).toBe('kept');
    expect(await judged(a, 'k', first)).toBe('purged');
    expect(await judged(a, 'k', entryOf('text'))).toBe('purged');
    const mark = { ...a.log.mark!, log: 'another' };
    expect(await judged(a, 'k', entryOf('text', { purgeMark: mark }))).toBe('unknown');
  });

  test('with a mark that is ahead is judged once the log was read', async () => {
    const [a, b] = [await join('a'), await join('b')];
    bench.cutOff.add('b');
    void a.log.append({ key: 'other' });
    await bench.pass(20);
    const ahead = a.entry();
    bench.cutOff.delete('b');
    expect(b.log.judge('k', ahead)).toBe('unknown');
    expect(await judged(b, 'k', ahead)).toBe('kept');
  });

  test('is unknown to a node that has never read the log', async () => {
    const a = await join('a');
    bench.server.isUp = false;
    const b = await join('b');
    expect(b.log.mark).toBeUndefined();
    expect(await judged(b, 'k', a.entry())).toBe('unknown');
    bench.server.isUp = true;
    await bench.pass(2_000);
    expect(await judged(b, 'k', a.entry())).toBe('kept');
  });
});

describe('a hub that is out of reach', () => {
  test('leaves what is known to be judged by, and its purges are appended when it is back', async () => {
    const [a, b] = [await join('a'), await join('b')];
    const entry = a.entry();
    bench.server.isUp = false;
    const logging = a.log.append({ key: 'gone' });
    await bench.pass(100);
    expect(await logging).toBe(false);
    await bench.pass(3_000);
    expect(a.hub.state).toBe('down');
    expect([a.log.judge('k', entry), a.log.judge('gone', entry)]).toEqual(['kept', 'purged']);
    expect(b.log.judge('gone', entry)).toBe('kept');
    bench.server.isUp = true;
    await bench.pass(4_000);
    expect(bench.server.log('purges').last).toBe(1);
    expect(b.heeded).toEqual(['all', { key: 'gone' }]);
    expect([await judged(a, 'gone', entry), await judged(b, 'gone', entry)]).toEqual(['purged', 'purged']);
    expect(await judged(a, 'gone', a.entry())).toBe('kept');
  });

  test('loses no purge, however many there were', async () => {
    const [a, b] = [await join('a'), await join('b')];
    const entry = a.entry();
    bench.server.isUp = false;
    for (let index = 0; index < 1_500; index++) void a.log.append({ key: `gone ${index}` });
    await bench.pass(2_000);
    bench.server.isUp = true;
    await bench.pass(4_000);
    expect(await judged(b, 'gone 0', entry)).toBe('purged');
    expect(await judged(b, 'gone 1499', entry)).toBe('purged');
  });
});

describe('a log', () => {
  test('that was lost makes a miss of all', async () => {
    const [a, b] = [await join('a'), await join('b')];
    void b.log.append({ key: 'k' });
    await bench.pass(50);
    const entry = a.entry();
    bench.server.log('purges').lose();
    await bench.pass(1_100);
    expect(a.heeded).toEqual(['all', { key: 'k' }, 'all']);
    expect(await judged(a, 'k', entry)).not.toBe('kept');
    expect(await judged(a, 'k', a.entry())).toBe('kept');
  });

  test('that was trimmed beyond what a node knows has it throw all away', async () => {
    const [a, b] = [await join('a'), await join('b')];
    void a.log.append({ key: 'k' });
    await bench.pass(50);
    const entry = b.entry();
    bench.server.log('purges').most = 3;
    bench.cutOff.add('b');
    for (const key of ['a', 'b', 'c', 'd']) void a.log.append({ key });
    await bench.pass(20);
    bench.cutOff.delete('b');
    await bench.pass(1_100);
    expect(b.heeded).toEqual(['all', { key: 'k' }, 'all']);
    expect(await judged(b, 'k', entry)).toBe('purged');
    expect(await judged(b, 'k', b.entry())).toBe('kept');
  });

  test('that lost its end is given it again by who remembers', async () => {
    const [a, b] = [await join('a'), await join('b')];
    const [before, log] = [a.entry(), bench.server.log('purges')];
    for (const key of ['1', '2', '3']) void a.log.append({ key });
    await bench.pass(50);
    const after = a.entry();
    log.loseTail(2);
    await bench.pass(3_000);
    const c = await join('c');
    for (const key of ['1', '2', '3']) expect(await judged(c, key, before)).toBe('purged');
    // It knew more than the log, which may have got something else in that place.
    expect(await judged(c, 'k', after)).toBe('purged');
    expect(b.heeded).toEqual(['all', { key: '1' }, { key: '2' }, { key: '3' }]);
  });

  test('that lost its end before whoever appended that has read it is given it again', async () => {
    for (const isOut of [false, true]) {
      bench = createLogBench();
      const [a, b] = [await join('a'), await join('b')];
      const [before, log] = [b.entry(), bench.server.log('purges')];
      // As of a machine that comes back without what it confirmed, at once or after it could not be asked.
      const append = vi.spyOn(log, 'append').mockImplementationOnce(() => {
        bench.server.isUp = !isOut;
        return 1;
      });
      const appended = a.log.append({ key: 'k' });
      await bench.pass(20);
      expect(await appended).toBe(true);
      expect([append.mock.calls.length, log.last]).toEqual([1, 0]);
      await bench.pass(5_000);
      bench.server.isUp = true;
      await bench.pass(4_000);
      expect(b.heeded).toEqual(['all', { key: 'k' }]);
      expect(await judged(b, 'k', before)).toBe('purged');
      expect([log.last, a.log.isShared]).toEqual([1, true]);
    }
  });

  test('that lost its end and went on otherwise hides neither', async () => {
    const [a, b] = [await join('a'), await join('b')];
    const [before, log] = [a.entry(), bench.server.log('purges')];
    bench.cutOff.add('b');
    for (const key of ['1', '2']) void a.log.append({ key });
    await bench.pass(20);
    const stored = a.entry();
    bench.cutOff.add('a');
    bench.cutOff.delete('b');
    log.loseTail(2);
    for (const key of ['other', 'another', 'third']) void b.log.append({ key });
    await bench.pass(20);
    const c = await join('c');
    // Its mark says that it came after two purges, but not after these.
    expect(await judged(c, 'other', stored)).toBe('purged');
    bench.cutOff.delete('a');
    await bench.pass(2_500);
    expect(a.heeded).toEqual(['all', { key: 'other' }, { key: 'another' }, { key: 'third' }]);
    for (const key of ['1', '2', 'other']) expect(await judged(c, key, before)).toBe('purged');
    expect(b.heeded).toEqual(['all', { key: '1' }, { key: '2' }]);
    expect(await judged(c, '1', c.entry())).toBe('kept');
  });

  test('that lost its end and then dropped what came instead has all thrown away', async () => {
    const [a, b] = [await join('a'), await join('b')];
    const log = bench.server.log('purges');
    for (const key of ['1', '2', '3']) void a.log.append({ key });
    await bench.pass(50);
    log.loseTail(1);
    // Reads that the log has forked, and nothing more.
    void b.log.catchUp();
    bench.clock.advance(0);
    await Promise.resolve();
    bench.cutOff.add('b');
    await bench.pass(50);
    expect(b.heeded.at(-1)).toEqual({ key: '3' });
    log.most = 2;
    for (const key of ['4', '5', '6']) void a.log.append({ key });
    await bench.pass(50);
    bench.cutOff.delete('b');
    await bench.pass(4_000);
    expect(b.heeded.slice(4)).toContain('all');
  });

  test('that lost its end while it was read for the first time has all thrown away at its end', async () => {
    const log = bench.server.log('purges');
    for (let id = 1; id <= 1_500; id++)
      log.append(JSON.stringify({ purge: `purge ${id}`, record: `record ${id}`, gone: { key: `key ${id}` } }));
    const a = await join('a', 20);
    expect(a.log.mark?.id).toBe(1_000);
    a.heeded.push({ key: 'stored meanwhile' });
    log.loseTail(1_200);
    await bench.pass(100);
    // It has given back what it knew.
    expect(log.last).toBe(1_000);
    expect(a.heeded.at(-1)).toBe('all');
  });

  test('with a record that cannot be read makes a miss of all', async () => {
    const a = await join('a');
    const entry = a.entry();
    bench.server.log('purges').append('{"of":"another version"}');
    await bench.pass(1_100);
    expect(a.heeded).toEqual(['all', { purge: {} }]);
    expect(await judged(a, 'k', entry)).toBe('purged');
  });
});
