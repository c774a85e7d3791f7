/**
 * Lists of structured fields (RFC 9651), and what they say of the nearest cache.
 */
import { describe, expect, test } from 'vitest';
import { innerCacheOf } from '../../src/response/inner-cache.ts';
import { readList } from '../../src/response/structured-field.ts';

const shown = (text: string) => readList(text)?.map(({ item, parameters }) => [item, ...parameters]) ?? null;

describe('a list', () => {
  test('has items with parameters', () => {
    expect(shown('')).toEqual([]);
    expect(shown('refrain; hit; ttl=60; detail=memory')).toEqual([
      [{ token: 'refrain' }, ['hit', true], ['ttl', 60], ['detail', { token: 'memory' }]],
    ]);
    expect(shown('  "a, b; c=\\"d\\\\\\"";x=?0 ,\t1.5;y=-2;y=3,?1, *t/o:k ')).toEqual([
      ['a, b; c="d\\"', ['x', false]],
      [1.5, ['y', 3]],
      [true],
      [{ token: '*t/o:k' }],
    ]);
    expect(shown('(a "b";c  d);e=:aGk=:, :aGk=:, @1659578233, %"f%c3%bc"')).toEqual([
      [null, ['e', { other: ':aGk=:' }]],
      [{ other: ':aGk=:' }],
      [{ other: '@1659578233' }],
      [{ other: '%"f%c3%bc"' }],
    ]);
    expect(shown('()')).toEqual([[null]]);
  });

  test.each([
    'a,',
    ',a',
    'a,,b',
    'a b',
    'a;',
    'a;=1',
    'a;X',
    'a; B=1',
    'a;b=',
    '"a',
    'a"',
    '"é"',
    '"\\a"',
    '1.',
    '1.2345',
    '1234567890123456',
    '--1',
    '?2',
    '(a',
    '(a"b")',
    ':é:',
    'é',
    '=',
    '@1.5',
    'a\nb',
    'a\u0000',
  ])('is nothing at all where it is not well-formed: %j', (text) => {
    expect(readList(text)).toBeNull();
  });
});

describe('an answer of an upstream that is a Refrain', () => {
  const of = (...headers: string[]) => innerCacheOf({ status: 200, statusText: 'OK', headers });

  test.each([
    ['refrain; hit; ttl=60; detail=memory', { age: 0, ttl: 60 }],
    ['refrain; hit; detail=sqlite', { age: 0, ttl: Infinity }],
    ['refrain; hit; ttl=-5', { age: 0, ttl: 0 }],
    ['refrain; fwd=miss; stored', { age: 0, ttl: Infinity }],
    ['refrain; fwd=miss; collapsed', { age: 0, ttl: Infinity }],
    ['refrain; fwd=miss', { age: 0, ttl: Infinity }],
    ['nginx; fwd=bypass, refrain; fwd=miss', { age: 0, ttl: Infinity }],
    ['refrain; fwd=bypass; detail=route, refrain;hit', { age: 0, ttl: Infinity }],
    // One that fetched it does not say what the one behind it said.
    ['refrain; hit; ttl=60, refrain; fwd=miss', { age: 0, ttl: 60 }],
    ['refrain; hit; ttl=60, refrain; fwd=miss; collapsed, refrain; fwd=miss', { age: 0, ttl: 60 }],
    ['refrain; hit; ttl=60, refrain; hit; ttl=70', { age: 0, ttl: 60 }],
    ['refrain; hit; ttl=60, nginx; fwd=miss, refrain; fwd=miss', { age: 0, ttl: Infinity }],
  ])('may be kept: %s', (status, inner) => {
    expect(of('Cache-Status', status)).toEqual({ ...inner, mayBeStored: true, isBypass: false });
  });

  test.each([
    '',
    'refrain',
    'refrain; hit=?0',
    'refrain; hit=1',
    'refrain; hit; fwd=miss',
    'refrain; hit=?0; fwd=miss',
    'refrain; fwd=miss; detail=upstream-no-store',
    'refrain; fwd=miss; detail=not-kept-missing-choice',
    'refrain; fwd=bypass',
    'refrain; fwd=bypass; detail=no-store',
    'refrain; fwd="miss"',
    'refrain; fwd=uri-miss',
    'refrain; fwd',
    '"refrain"; hit',
    'Refrain; hit',
    'refrained; hit',
    'nginx; hit',
    '(refrain); hit',
    'refrain; hit, nginx; hit',
    'refrain; hit, nginx; fwd=miss',
    'refrain; hit,',
    'refrain; hit; Detail=x',
  ])('may not be kept: %s', (status) => {
    expect(of('cache-status', status)?.mayBeStored ?? false).toBe(false);
  });

  test.each(['', '"refrain"; hit', 'nginx; hit', '(refrain); hit', 'refrain; hit, nginx; hit', 'refrain; hit,'])(
    'is none of another cache: %s',
    (status) => {
      expect(of('cache-status', status)).toBeNull();
    },
  );

  test('is a bypass by the nearest alone', () => {
    expect(of('cache-status', 'refrain; fwd=bypass; detail=off')?.isBypass).toBe(true);
    expect(of('cache-status', 'refrain; fwd=bypass, refrain; fwd=miss')?.isBypass).toBe(false);
  });

  test('that is stale has no time left, and its age', () => {
    expect(of('cache-status', 'refrain; fwd=stale; fwd-status=503; ttl=-9', 'age', '69')).toEqual({
      age: 69,
      ttl: 0,
      mayBeStored: false,
      isBypass: false,
    });
  });

  test('has the age that it says', () => {
    const hit = ['cache-status', 'refrain; hit'];
    expect(
      [['7'], ['7, 9'], [' 7 '], ['7', '9'], ['-1'], ['x'], ['1.5'], [''], ['0'], ['9'.repeat(400)]].map(
        (ages) => of(...hit, ...ages.flatMap((age) => ['Age', age]))?.age,
      ),
    ).toEqual([7, 7, 7, 7, 0, 0, 0, 0, 0, 2 ** 31]);
    expect(of('cache-status', 'other; hit', 'Cache-Status', 'refrain; hit; ttl=5')).toMatchObject({ age: 0, ttl: 5 });
  });
});
