import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compact, type Entry } from '../../src/response/entry.ts';
import { type Batch, WriteBuffer } from '../../src/store/write-buffer.ts';
import { isPurgedBy, type Purge } from '../../src/store/filter.ts';
import { entryOf } from './entries.ts';

const MEGABYTE = 1_024 * 1_024;
const heavy = (body = compact([], MEGABYTE)): Entry => ({ ...entryOf(''), body });

/** A file as `changes` imagines it. */
function createFile() {
  const held = new Map<string, Entry>();
  return {
    held,
    commit({ purges, answers, keys }: Batch) {
      dropFrom(held, (entry) => purges.some(({ purge }) => isPurgedBy(purge, entry)));
      dropFrom(held, ({ answerId }) => answerId !== null && answers.has(answerId));
      for (const [key, change] of keys) {
        if (change === 'deleted') held.delete(key);
        else if (typeof change === 'object') held.set(key, change.entry);
      }
    },
  };
}

function dropFrom(entries: Map<string, Entry>, isGone: (entry: Entry) => boolean): void {
  for (const [key, entry] of entries) if (isGone(entry)) entries.delete(key);
}

/** The entry that `get` makes of both. */
function read(buffer: WriteBuffer, held: ReadonlyMap<string, Entry>, key: string): Entry | undefined {
  const change = buffer.find(key);
  if (change !== undefined) return change === 'deleted' ? undefined : change;
  const entry = held.get(key);
  return entry === undefined || buffer.hasPendingDelete(entry) ? undefined : entry;
}

const key = fc.nat({ max: 5 }).map(String);
const tag = fc.constantFrom('a', 'b', 'c');
const answerId = fc.nat({ max: 2 }).map(String);
const step = fc.oneof(
  fc.record({ act: fc.constant('put' as const), key, answerId: fc.option(answerId), tag }),
  fc.record({
    act: fc.constant('purge' as const),
    purge: fc.oneof(
      tag.map((one): Purge => ({ tag: one })),
      fc.constant<Purge>({}),
    ),
  }),
  fc.record({ act: fc.constantFrom('delete' as const, 'use' as const), key }),
  fc.record({ act: fc.constant('deleteAnswer' as const), answerId }),
  fc.record({
    act: fc.constantFrom(
      'take' as const,
      'happened' as const,
      'failed' as const,
      'happened, but was not heard of' as const,
    ),
  }),
);

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** A write buffer over a file, and the truth that both together must be. */
class Trial {
  readonly file = createFile();
  readonly truth = new Map<string, Entry>();
  readonly #buffer = new WriteBuffer();
  #taken: Batch | undefined;

  do(step: Step, index: number): void {
    switch (step.act) {
      case 'put':
        return this.#put(step.key, index, step.answerId, step.tag);
      case 'delete':
        this.truth.delete(step.key);
        this.#buffer.delete(step.key);
        return;
      case 'use':
        if (read(this.#buffer, this.file.held, step.key) !== undefined) this.#buffer.use(step.key, 1);
        return;
      case 'deleteAnswer':
        dropFrom(this.truth, ({ answerId }) => answerId === step.answerId);
        this.#buffer.deleteAnswer(step.answerId);
        return;
      case 'purge':
        dropFrom(this.truth, (entry) => isPurgedBy(step.purge, entry));
        this.#buffer.purge({ token: '', purge: step.purge });
        return;
      case 'take':
        this.#taken ??= this.#buffer.take();
        return;
      default:
        return this.#end(step.act);
    }
  }

  expectTruth(): void {
    for (let key = 0; key <= 5; key += 1)
      expect(read(this.#buffer, this.file.held, String(key))).toBe(this.truth.get(String(key)));
  }

  /** Has the file take all that still waits. */
  settle(): void {
    if (this.#taken !== undefined) this.#buffer.nack();
    while (!this.#buffer.isEmpty) {
      this.file.commit(this.#buffer.take());
      this.#buffer.ack();
    }
  }

  #put(key: string, index: number, answerId: string | null, tag: string): void {
    const request = { endpoint: 'chat' as const, model: null, scope: 's', tags: [tag], parts: null };
    const entry = entryOf(`${index}`, { answerId, request });
    this.truth.set(key, entry);
    this.#buffer.put(key, entry);
  }

  #end(how: 'happened' | 'failed' | 'happened, but was not heard of'): void {
    if (this.#taken === undefined) return;
    if (how !== 'failed') this.file.commit(this.#taken);
    if (how === 'happened') this.#buffer.ack();
    else this.#buffer.nack();
    this.#taken = undefined;
  }
}

describe('changes', () => {
  test('over a file are always what was last asked for, whatever batches fail', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const trial = new Trial();
        for (const [index, step] of steps.entries()) {
          trial.do(step, index);
          trial.expectTruth();
        }
        trial.settle();
        expect(trial.file.held).toEqual(trial.truth);
      }),
      { numRuns: 500 },
    );
  });

  test('keep the order of use', () => {
    const buffer = new WriteBuffer();
    for (const key of ['a', 'b', 'c']) buffer.put(key, entryOf(key));
    buffer.use('a', 1);
    buffer.use('in the file', 1);
    buffer.put('b', entryOf('b again'));
    expect([...buffer.take().keys.keys()]).toEqual(['c', 'a', 'in the file', 'b']);
  });

  test('are due when there are 100, and come 100 at a time', () => {
    const buffer = new WriteBuffer();
    for (let index = 0; index < 99; index += 1) buffer.put(`${index}`, entryOf('text'));
    expect(buffer.isDue).toBe(false);
    for (let index = 99; index < 150; index += 1) buffer.put(`${index}`, entryOf('text'));
    expect(buffer.isDue).toBe(true);
    expect(buffer.take().keys.size).toBe(100);
    expect(buffer.isDue).toBe(false);
    buffer.ack();
    expect(buffer.take().keys.size).toBe(50);
  });

  test('are due when they are 2 MB, and come about as much at a time', () => {
    const buffer = new WriteBuffer();
    buffer.put('a', heavy());
    expect(buffer.isDue).toBe(false);
    for (const key of ['b', 'c']) buffer.put(key, heavy());
    expect(buffer.isDue).toBe(true);
    expect([...buffer.take().keys.keys()]).toEqual(['a', 'b']);
    expect(buffer.isDue).toBe(false);
  });

  test('have room for 32 MB; past it a put is a deletion', () => {
    const buffer = new WriteBuffer();
    const body = compact([], MEGABYTE);
    const fits = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, at) => buffer.put(`${from + at}`, heavy(body)));
    expect(fits(0, 31)).not.toContain(false);
    expect(buffer.put('31', heavy(body))).toBe(false);
    expect(buffer.find('31')).toBe('deleted');
    buffer.take();
    expect(buffer.put('on its way is not yet gone', heavy(body))).toBe(false);
    buffer.ack();
    expect(fits(31, 33)).toEqual([true, true]);
    expect(fits(33, 34)).toEqual([false]);
    buffer.take();
    buffer.nack();
    expect(fits(34, 35)).toEqual([false]);
    buffer.delete('20');
    expect(fits(35, 36)).toEqual([true]);
  });

  test('that are too many to remember are the deletion of everything', () => {
    const buffer = new WriteBuffer();
    buffer.put('early', entryOf('early'));
    for (let index = 0; index < 100_000; index += 1) buffer.delete(`${index}`);
    const inTheFile = entryOf('in the file');
    expect(buffer.hasPendingDelete(inTheFile)).toBe(true);
    expect(buffer.find('early')).toBeUndefined();
    buffer.put('late', entryOf('late'));
    const batch = buffer.take();
    expect(batch.purges.map(({ purge }) => purge)).toEqual([{}]);
    expect([...batch.keys.keys()]).toEqual(['late']);
    expect(buffer.hasPendingDelete(inTheFile)).toBe(true);
    buffer.nack();
    expect(buffer.hasPendingDelete(inTheFile)).toBe(true);
    buffer.take();
    buffer.ack();
    expect(buffer.hasPendingDelete(inTheFile)).toBe(false);
  });
});
