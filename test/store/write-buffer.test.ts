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
      for (const [key, entry] of held) if (purges.some(({ purge }) => isPurgedBy(purge, entry))) held.delete(key);
      for (const [key, { answerId }] of held) if (answerId !== null && answers.has(answerId)) held.delete(key);
      for (const [key, change] of keys) {
        if (change === 'deleted') held.delete(key);
        else if (typeof change === 'object') held.set(key, change.entry);
      }
    },
  };
}

/** What `get` makes of both. */
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

describe('changes', () => {
  test('over a file are always what was last asked for, whatever batches fail', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const buffer = new WriteBuffer();
        const { held, commit } = createFile();
        const truth = new Map<string, Entry>();
        let taken: Batch | undefined;
        for (const [index, step] of steps.entries()) {
          if (step.act === 'put') {
            const entry = entryOf(`${index}`, {
              answerId: step.answerId,
              request: { endpoint: 'chat', model: null, scope: 's', tags: [step.tag], parts: null },
            });
            truth.set(step.key, entry);
            buffer.put(step.key, entry);
          } else if (step.act === 'delete') {
            truth.delete(step.key);
            buffer.delete(step.key);
          } else if (step.act === 'use') {
            if (read(buffer, held, step.key) !== undefined) buffer.use(step.key, 1);
          } else if (step.act === 'deleteAnswer') {
            for (const [key, entry] of truth) if (entry.answerId === step.answerId) truth.delete(key);
            buffer.deleteAnswer(step.answerId);
          } else if (step.act === 'purge') {
            for (const [key, entry] of truth) if (isPurgedBy(step.purge, entry)) truth.delete(key);
            buffer.purge({ token: '', purge: step.purge });
          } else if (step.act === 'take') taken ??= buffer.take();
          else if (taken !== undefined) {
            if (step.act !== 'failed') commit(taken);
            if (step.act === 'happened') buffer.ack();
            else buffer.nack();
            taken = undefined;
          }
          for (let key = 0; key <= 5; key += 1) expect(read(buffer, held, String(key))).toBe(truth.get(String(key)));
        }
        if (taken !== undefined) buffer.nack();
        while (!buffer.isEmpty) {
          commit(buffer.take());
          buffer.ack();
        }
        expect(held).toEqual(truth);
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
