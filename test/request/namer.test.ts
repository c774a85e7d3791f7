import { expect, onTestFinished, test } from 'vitest';
import { createNamer } from '../../src/request/namer.ts';
import { nameAnswer } from '../../src/request/naming.ts';
import { createOccasion, type Occasion } from '../../src/request/naming.ts';
import { readHead } from '../../src/request/reading.ts';
import { WholeBody } from '../../src/request/whole-body.ts';
import { rulesWith } from '../harness/naming.ts';

const rules = rulesWith({ ignore: ['default', '/trace/id'] });
const occasion = readHead(rules, { method: 'POST', url: '/v1/chat/completions', fields: new Map() }).occasion as Occasion;

const bytesOf = (length: number, others = {}) =>
  Buffer.from(JSON.stringify({ trace: { id: length, kept: 1 }, model: 'm', messages: [{ role: 'user', content: 'é'.repeat(length) }], ...others }));

const bodyOf = (length: number, others = {}) => new WholeBody([bytesOf(length, others)]);
const wholeOf = (text: string) => new WholeBody([Buffer.from(text)]);

function open() {
  const namer = createNamer(1_000_000);
  onTestFinished(() => namer.close());
  return namer;
}

test.each([0, 10, 200_000, 300_000])('a body of %i letters has one name, whichever thread gives it', async (length) => {
  const named = await open().name(occasion, bodyOf(length));
  const { parts, ...facts } = nameAnswer(occasion, bytesOf(length)) as Exclude<ReturnType<typeof nameAnswer>, string>;
  expect(named).toEqual({ ...facts, parts: length > 250_000 ? null : parts });
});

test('a long body that has no name is told so', async () => {
  const namer = open();
  expect(await namer.name(occasion, bodyOf(200_000, { store: true }))).toBe('store');
  expect(await namer.name(occasion, wholeOf('['.repeat(1_000_000)))).toBe('not-object');
  expect(await namer.name(occasion, wholeOf(`{"a":${'['.repeat(1_000_000)}`))).toBe('not-json');
});

test.each([1_000, 200_000])('a body of %i letters is read once, and its name is not taken for another\'s', async (length) => {
  const namer = open();
  const first = await namer.name(occasion, bodyOf(length));
  const again = namer.name(occasion, bodyOf(length));
  expect(again).toEqual({ ...(first as object), parts: null });
  for (const other of [{ scope: 'x' }, { 'header:x': '1' }]) {
    expect(await namer.name(createOccasion({ ...occasion, parts: { ...occasion.parts, ...other } }), bodyOf(length))).not.toMatchObject({ key: (first as { key: string }).key });
  }
  expect(await namer.name(occasion, bodyOf(length, { store: true }))).toBe('store');
  expect(await namer.name(createOccasion({ ...occasion, mode: 'deterministic' }), bodyOf(length))).toBe('not-deterministic');
});

test('what a name is made of can be had again', async () => {
  const namer = open();
  const first = await namer.name(occasion, bodyOf(10));
  expect(namer.parts(occasion, bodyOf(10))).toEqual((first as { parts: object }).parts);
  expect(namer.parts(occasion, bodyOf(200_000))).toBeNull();
});

test('a body has one name, whatever pieces it comes in', async () => {
  const namer = open();
  const bytes = bytesOf(1_000);
  const first = (await namer.name(occasion, new WholeBody([bytes]))) as { key: string };
  expect(namer.name(occasion, new WholeBody([bytes.subarray(0, 7), bytes.subarray(7, 7), bytes.subarray(7)]))).toMatchObject({ key: first.key, parts: null });
});

test('short bodies wait for no thread', () => {
  expect(open().name(occasion, bodyOf(1_000))).toMatchObject({ form: 'json' });
});

test('too many long bodies at once are not named rather than kept waiting', async () => {
  const namer = open();
  const names = await Promise.all(Array.from({ length: 80 }, () => namer.name(occasion, bodyOf(100_000))));
  expect(names.filter((name) => name === 'unnamed').length).toBeGreaterThan(0);
  expect(new Set(names.flatMap((name) => (typeof name === 'string' ? [] : [name.key]))).size).toBe(1);
});
