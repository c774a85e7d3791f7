import { describe, expect, test } from 'vitest';
import { differencesOf } from '../../src/request/difference.ts';
import { nearestOf } from '../../src/request/nearest.ts';

const json = (body: string, others: Record<string, string> = {}) => ({
  scope: 's',
  path: '/v1/x',
  body: `json:${body}`,
  ...others,
});

/** Two bodies and the pointers at which they differ. */
const BODIES: readonly (readonly [string, string, readonly string[]])[] = [
  ['{"a":1}', '{"a":1}', []],
  ['{"a":1}', '{"a":2}', ['/body/a']],
  ['{"a":1}', '{"a":1.0}', ['/body/a']],
  ['{"a":9007199254740992}', '{"a":9007199254740993}', ['/body/a']],
  ['{"a":1}', '{"b":1}', ['/body/a', '/body/b']],
  ['{"a":null}', '{}', ['/body/a']],
  ['{"a":[1,2]}', '{"a":[1,3,4]}', ['/body/a/1', '/body/a/2']],
  ['{"a":{"b":{"c":"x"}}}', '{"a":{"b":{"c":"y"}}}', ['/body/a/b/c']],
  ['{"a":[]}', '{"a":{}}', ['/body/a']],
  ['{"a/b":1,"~":1}', '{"a/b":2,"~":2}', ['/body/a~1b', '/body/~0']],
  ['{"__proto__":1,"constructor":1}', '{"__proto__":2,"constructor":2}', ['/body/__proto__', '/body/constructor']],
  ['{"a":{"x":1,"y":2}}', '{"a":{"y":2,"x":1}}', ['/body/a']],
  ['{"a":{"x":1,"y":2}}', '{"a":{"y":3,"z":1,"x":1}}', ['/body/a/y', '/body/a/z', '/body/a']],
  ['{"a":{"1":1,"0":2}}', '{"a":{"0":2,"1":1}}', ['/body/a']],
  ['{} stream="yes" stream_options=', '{} stream= stream_options=', ['/body/stream']],
];

describe('where two bodies differ', () => {
  test.each(BODIES)('%s and %s', (a, b, pointers) => {
    expect(differencesOf(json(a), json(b)).map(({ pointer }) => pointer)).toEqual(pointers);
    expect(
      differencesOf(json(b), json(a))
        .map(({ pointer }) => pointer)
        .sort(),
    ).toEqual([...pointers].sort());
  });
});

describe('where else requests differ', () => {
  test('is told before the body', () => {
    const a = json('{"a":1}', { 'header:openai-beta': 'x', variant: '1', query: 'a=1' });
    const b = json('{"a":2}', { scope: 't', variant: '2' });
    expect(differencesOf(a, b).map(({ pointer, a, b }) => [pointer, a, b])).toEqual([
      ['/scope', 's', 't'],
      ['/headers/openai-beta', 'x', null],
      ['/headers/x-refrain-variant', '1', '2'],
      ['/query', 'a=1', null],
      ['/body/a', '1', '2'],
    ]);
  });

  test('is the whole body where that is compared by its bytes', () => {
    expect(differencesOf(json('{"a":1}'), { ...json(''), body: 'raw:{"a":1,"a":2}' })).toMatchObject([
      { pointer: '/body' },
    ]);
  });

  test('is bounded, however much differs', () => {
    const list = (value: number) => json(`[${Array(10_000).fill(value).join(',')}]`);
    expect(differencesOf(list(1), list(2))).toHaveLength(100);
    const deep = (value: number) => json('['.repeat(5_000) + value + ']'.repeat(5_000));
    expect(differencesOf(deep(1), deep(2))).toHaveLength(1);
    const [long] = differencesOf(json(`{"a":"${'x'.repeat(10_000)}"}`), json('{}'));
    expect(long?.a?.length).toBeLessThan(200);
  });
});

describe('the nearest', () => {
  const asked = json('{"a":1,"b":1,"c":1}');

  test('differs in the fewest places, the first of equals', () => {
    const candidates = [
      ['far', '{"a":2,"b":2,"c":1}'],
      ['near', '{"a":1,"b":1,"c":2}'],
      ['as near', '{"a":1,"b":2,"c":1}'],
    ].map(([name, body]) => ({ key: `${name}.json`, parts: json(body as string) }));
    expect(nearestOf(asked, 'json', candidates)).toEqual({ name: 'near', first: '/body/c', differences: 1 });
  });

  test('may differ in its form alone', () => {
    expect(nearestOf(asked, 'json', [{ key: 'n.sse', parts: asked }])).toEqual({
      name: 'n',
      first: '/body/stream',
      differences: 1,
    });
  });

  test('is nothing where nothing can be compared', () => {
    expect(nearestOf(asked, 'json', [{ key: 'n.json', parts: null }])).toBeNull();
  });
});
