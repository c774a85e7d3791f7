import { expect, onTestFinished, test } from 'vitest';
import { createKeyer } from '../../src/request/keyer.ts';
import { computeKey } from '../../src/request/key.ts';
import { createKeyContext, type KeyContext } from '../../src/request/key.ts';
import { parseHead } from '../../src/request/parsed-head.ts';
import { WholeBody } from '../../src/request/whole-body.ts';
import { rulesWith } from '../harness/keys.ts';

const rules = rulesWith({ ignore: ['default', '/trace/id'] });
const keyContext = parseHead(rules, { method: 'POST', url: '/v1/chat/completions', fields: new Map() })
  .keyContext as KeyContext;

const bytesOf = (length: number, others = {}) =>
  Buffer.from(
    JSON.stringify({
      trace: { id: length, kept: 1 },
      model: 'm',
      messages: [{ role: 'user', content: 'é'.repeat(length) }],
      ...others,
    }),
  );

const bodyOf = (length: number, others = {}) => new WholeBody([bytesOf(length, others)]);
const wholeOf = (text: string) => new WholeBody([Buffer.from(text)]);

function open() {
  const keyer = createKeyer(1_000_000);
  onTestFinished(() => keyer.close());
  return keyer;
}

test.each([0, 10, 200_000, 300_000])('a body of %i letters has one name, whichever thread gives it', async (length) => {
  const named = await open().key(keyContext, bodyOf(length));
  const { parts, ...facts } = computeKey(keyContext, bytesOf(length)) as Exclude<ReturnType<typeof computeKey>, string>;
  expect(named).toEqual({ ...facts, parts: length > 250_000 ? null : parts });
});

test('a long body that has no name is told so', async () => {
  const keyer = open();
  expect(await keyer.key(keyContext, bodyOf(200_000, { store: true }))).toBe('store');
  expect(await keyer.key(keyContext, wholeOf('['.repeat(1_000_000)))).toBe('not-object');
  expect(await keyer.key(keyContext, wholeOf(`{"a":${'['.repeat(1_000_000)}`))).toBe('not-json');
});

test.each([1_000, 200_000])(
  "a body of %i letters is read once, and its name is not taken for another's",
  async (length) => {
    const keyer = open();
    const first = await keyer.key(keyContext, bodyOf(length));
    const again = keyer.key(keyContext, bodyOf(length));
    expect(again).toEqual({ ...(first as object), parts: null });
    for (const other of [{ scope: 'x' }, { 'header:x': '1' }]) {
      expect(
        await keyer.key(createKeyContext({ ...keyContext, parts: { ...keyContext.parts, ...other } }), bodyOf(length)),
      ).not.toMatchObject({ key: (first as { key: string }).key });
    }
    expect(await keyer.key(keyContext, bodyOf(length, { store: true }))).toBe('store');
    expect(await keyer.key(createKeyContext({ ...keyContext, mode: 'deterministic' }), bodyOf(length))).toBe(
      'not-deterministic',
    );
  },
);

test('what a name is made of can be had again', async () => {
  const keyer = open();
  const first = await keyer.key(keyContext, bodyOf(10));
  expect(keyer.parts(keyContext, bodyOf(10))).toEqual((first as { parts: object }).parts);
  expect(keyer.parts(keyContext, bodyOf(200_000))).toBeNull();
});

test('a body has one name, whatever pieces it comes in', async () => {
  const keyer = open();
  const bytes = bytesOf(1_000);
  const first = (await keyer.key(keyContext, new WholeBody([bytes]))) as { key: string };
  expect(
    keyer.key(keyContext, new WholeBody([bytes.subarray(0, 7), bytes.subarray(7, 7), bytes.subarray(7)])),
  ).toMatchObject({ key: first.key, parts: null });
});

test('short bodies wait for no thread', () => {
  expect(open().key(keyContext, bodyOf(1_000))).toMatchObject({ form: 'json' });
});

test('too many long bodies at once are not named rather than kept waiting', async () => {
  const keyer = open();
  const names = await Promise.all(Array.from({ length: 80 }, () => keyer.key(keyContext, bodyOf(100_000))));
  expect(names.filter((name) => name === 'key-overload').length).toBeGreaterThan(0);
  expect(new Set(names.flatMap((name) => (typeof name === 'string' ? [] : [name.key]))).size).toBe(1);
});
