import { describe, expect, test } from 'vitest';
import { periodOf, rangeWithData, stepFor } from '../../src/dashboard/period.ts';
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

  test('is the shortest that has data, where none is named', () => {
    expect([60, 4_000, 90_000, 9e9].map(rangeWithData)).toEqual(['hour', 'day', 'week', 'all']);
    expect(stepFor(90 * 86_400, 3_600)).toBe(43_200);
  });
});
