import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compact, type Entry } from '../../src/response/entry.ts';
import { type Batch, Changes } from '../../src/store/changes.ts';
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
function read(changes: Changes, held: ReadonlyMap<string, Entry>, key: string): Entry | undefined {
  const change = changes.find(key);
  if (change !== undefined) return change === 'deleted' ? undefined : change;
  const entry = held.get(key);
  return entry === undefined || changes.dooms(entry) ? undefined : entry;
}

const key = fc.nat({ max: 5 }).map(String);
const tag = fc.constantFrom('a', 'b', 'c');
const answerId = fc.nat({ max: 2 }).map(String);
const step = fc.oneof(
  fc.record({ act: fc.constant('put' as const), key, answerId: fc.option(answerId), tag }),
  fc.record({ act: fc.constant('purge' as const), purge: fc.oneof(tag.map((one): Purge => ({ tag: one })), fc.constant<Purge>({})) }),
  fc.record({ act: fc.constantFrom('delete' as const, 'use' as const), key }),
  fc.record({ act: fc.constant('deleteAnswer' as const), answerId }),
  fc.record({ act: fc.constantFrom('take' as const, 'happened' as const, 'failed' as const, 'happened, but was not heard of' as const) }),
);

describe('changes', () => {
  test('over a file are always what was last asked for, whatever batches fail', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const changes = new Changes();
        const { held, commit } = createFile();
        const truth = new Map<string, Entry>();
        let taken: Batch | undefined;
        for (const [index, step] of steps.entries()) {
          if (step.act === 'put') {
            const entry = entryOf(`${index}`, { answerId: step.answerId, asked: { endpoint: 'chat', model: null, scope: 's', tags: [step.tag], parts: null } });
            truth.set(step.key, entry);
            changes.put(step.key, entry);
          } else if (step.act === 'delete') {
            truth.delete(step.key);
            changes.delete(step.key);
          } else if (step.act === 'use') {
            if (read(changes, held, step.key) !== undefined) changes.use(step.key, 1);
          } else if (step.act === 'deleteAnswer') {
            for (const [key, entry] of truth) if (entry.answerId === step.answerId) truth.delete(key);
            changes.deleteAnswer(step.answerId);
          } else if (step.act === 'purge') {
            for (const [key, entry] of truth) if (isPurgedBy(step.purge, entry)) truth.delete(key);
            changes.purge({ token: '', purge: step.purge });
          } else if (step.act === 'take') taken ??= changes.take();
          else if (taken !== undefined) {
            if (step.act !== 'failed') commit(taken);
            if (step.act === 'happened') changes.settle();
            else changes.putBack();
            taken = undefined;
          }
          for (let key = 0; key <= 5; key += 1) expect(read(changes, held, String(key))).toBe(truth.get(String(key)));
        }
        if (taken !== undefined) changes.putBack();
        while (!changes.isEmpty) {
          commit(changes.take());
          changes.settle();
        }
        expect(held).toEqual(truth);
      }),
      { numRuns: 500 },
    );
  });

  test('keep the order of use', () => {
    const changes = new Changes();
    for (const key of ['a', 'b', 'c']) changes.put(key, entryOf(key));
    changes.use('a', 1);
    changes.use('in the file', 1);
    changes.put('b', entryOf('b again'));
    expect([...changes.take().keys.keys()]).toEqual(['c', 'a', 'in the file', 'b']);
  });

  test('are due when there are 100, and come 100 at a time', () => {
    const changes = new Changes();
    for (let index = 0; index < 99; index += 1) changes.put(`${index}`, entryOf('text'));
    expect(changes.isDue).toBe(false);
    for (let index = 99; index < 150; index += 1) changes.put(`${index}`, entryOf('text'));
    expect(changes.isDue).toBe(true);
    expect(changes.take().keys.size).toBe(100);
    expect(changes.isDue).toBe(false);
    changes.settle();
    expect(changes.take().keys.size).toBe(50);
  });

  test('are due when they are 2 MB, and come about as much at a time', () => {
    const changes = new Changes();
    changes.put('a', heavy());
    expect(changes.isDue).toBe(false);
    for (const key of ['b', 'c']) changes.put(key, heavy());
    expect(changes.isDue).toBe(true);
    expect([...changes.take().keys.keys()]).toEqual(['a', 'b']);
    expect(changes.isDue).toBe(false);
  });

  test('have room for 32 MB; past it a put is a deletion', () => {
    const changes = new Changes();
    const body = compact([], MEGABYTE);
    const fits = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => changes.put(`${from + at}`, heavy(body)));
    expect(fits(0, 31)).not.toContain(false);
    expect(changes.put('31', heavy(body))).toBe(false);
    expect(changes.find('31')).toBe('deleted');
    changes.take();
    expect(changes.put('on its way is not yet gone', heavy(body))).toBe(false);
    changes.settle();
    expect(fits(31, 33)).toEqual([true, true]);
    expect(fits(33, 34)).toEqual([false]);
    changes.take();
    changes.putBack();
    expect(fits(34, 35)).toEqual([false]);
    changes.delete('20');
    expect(fits(35, 36)).toEqual([true]);
  });

  test('that are too many to remember are the deletion of everything', () => {
    const changes = new Changes();
    changes.put('early', entryOf('early'));
    for (let index = 0; index < 100_000; index += 1) changes.delete(`${index}`);
    const inTheFile = entryOf('in the file');
    expect(changes.dooms(inTheFile)).toBe(true);
    expect(changes.find('early')).toBeUndefined();
    changes.put('late', entryOf('late'));
    const batch = changes.take();
    expect(batch.purges.map(({ purge }) => purge)).toEqual([{}]);
    expect([...batch.keys.keys()]).toEqual(['late']);
    expect(changes.dooms(inTheFile)).toBe(true);
    changes.putBack();
    expect(changes.dooms(inTheFile)).toBe(true);
    changes.take();
    changes.settle();
    expect(changes.dooms(inTheFile)).toBe(false);
  });
});
