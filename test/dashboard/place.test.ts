import { describe, expect, test } from 'vitest';
import { periodOf, type RangeName, rangeWithData, stepFor, zoomOf } from '../../src/dashboard/period.ts';
import { hashFrom, hashOf, hashWith, parseRoute } from '../../src/dashboard/route.ts';

describe('the address', () => {
  test('names a view, an entry and what narrows them, there and back', () => {
    const hash = '#/entries/ab%2Fc.json?range=day&model=gpt+4%26%3D%23';
    const place = parseRoute(hash);
    expect(place).toEqual({ view: 'entries', key: 'ab/c.json', params: { range: 'day', model: 'gpt 4&=#' } });
    expect(hashOf(place)).toBe(hash);
  });

  test('that is no place leads to the overview', () => {
    for (const hash of ['', '#', '#/', '#/nowhere', '#entries', '#/__proto__', '#/entries%00']) {
      expect(parseRoute(hash).view, hash).toBe('overview');
    }
    expect(parseRoute('#/entries/%E0%A4%A').key).toBe('%E0%A4%A');
    expect(parseRoute('#/live/x').key).toBeNull();
  });

  test('names no entry by what a path would take for a folder', () => {
    for (const hash of ['#/entries/.', '#/entries/..', '#/entries/%2e%2E', '#/entries/']) {
      expect(parseRoute(hash), hash).toMatchObject({ view: 'entries', key: null });
    }
  });

  test('takes the bar along from view to view, and nothing else', () => {
    const place = parseRoute('#/live?range=day&model=m&reason=new&outcome=miss');
    expect(hashFrom(place, 'entries', { text: 'sea' })).toBe('#/entries?range=day&model=m&text=sea');
    expect(hashWith(place, { reason: '', model: 'n' })).toBe('#/live?range=day&model=n&outcome=miss');
  });
});

describe('the time that is looked at', () => {
  const now = 1_800_000_000;

  test('of an hour goes by minutes, of a week by hours', () => {
    expect(periodOf({ params: {} }, 'hour', now)).toMatchObject({ from: now - 3_600, span: 'minute', step: 60 });
    expect(periodOf({ params: {} }, 'day', now)).toMatchObject({ span: 'minute', step: 600, before: { span: 'hour' } });
    expect(periodOf({ params: {} }, 'week', now)).toMatchObject({ span: 'hour', step: 3_600 });
    expect(periodOf({ params: {} }, 'all', now)).toMatchObject({ from: null, before: null });
  });

  test('is the one that was zoomed into', () => {
    const params = { from: String(now - 600), to: String(now - 300), range: 'week' };
    expect(periodOf({ params }, 'week', now)).toMatchObject({
      range: 'custom',
      from: now - 600,
      span: 'minute',
      step: 60,
    });
    const long = { from: String(now - 40 * 86_400), to: String(now) };
    expect(periodOf({ params: long }, 'hour', now)).toMatchObject({ span: 'hour', step: 21_600 });
    expect(periodOf({ params: { from: 'x', to: '-1' } }, 'hour', now).range).toBe('hour');
  });

  test('is held against what was before it, as long, and without a row of its own', () => {
    const lengths = { minute: 60, hour: 3_600 };
    const at = now + 1_859;
    const places: readonly { range: RangeName; params: Readonly<Record<string, string>> }[] = [
      ...(['hour', 'day', 'week'] as const).map((range) => ({ range, params: {} })),
      ...[600, 7_200, 100_000, 40 * 86_400].map((seconds) => ({
        range: 'hour' as const,
        params: { from: String(at - seconds), to: String(at - 300) },
      })),
    ];
    for (const { range, params } of places) {
      const { from, before, span } = periodOf({ params }, range, at);
      if (from === null || before === null) throw new Error('there is nothing before it');
      const length = lengths[before.span];
      const rowOf = (time: number) => Math.floor(time / length);
      // Rows are read from the one that `from` lies in to the one that `to` lies in.
      expect((rowOf(before.to) + 1) * length, range).toBeLessThanOrEqual(
        Math.floor(from / lengths[span]) * lengths[span],
      );
      const wanted = Number(params['to'] ?? at) - from;
      const read = (rowOf(before.to) - rowOf(before.from) + 1) * length;
      expect(Math.abs(read - wanted), JSON.stringify(params)).toBeLessThan(length);
    }
  });

  test('is not zoomed into by what is no time', () => {
    const [from, to] = [String(now - 600), String(now)];
    expect(zoomOf({ from, to })).toEqual({ from: now - 600, to: now });
    const odd = [
      { from: 'x', to: 'y' },
      { from },
      { from, to: from },
      { from: to, to: from },
      { from: '1', to: '99999999999999' },
      { from: '1', to: '1e300' },
      { from: `${from}000000`, to: `${to}000000` },
      { from: `${from}.5`, to },
      { from: '-1', to },
      { from, to: 'Infinity' },
    ];
    for (const params of odd) {
      expect(zoomOf(params), JSON.stringify(params)).toBeNull();
      expect(periodOf({ params }, 'hour', now).range).toBe('hour');
    }
  });

  test('is the shortest that has data, where none is named', () => {
    expect([60, 4_000, 90_000, 9e9].map(rangeWithData)).toEqual(['hour', 'day', 'week', 'all']);
    expect(stepFor(90 * 86_400, 3_600)).toBe(43_200);
  });
});
