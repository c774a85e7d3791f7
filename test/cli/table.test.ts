import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import {
  formatCount,
  formatDollars,
  formatMoment,
  formatShare,
  formatSize,
  formatTime,
} from '../../src/console/format.ts';
import { cut, tableLines } from '../../src/cli/table.ts';

describe('numbers', () => {
  test.each([
    [formatCount(0), '0'],
    [formatCount(1_234_567), '1,234,567'],
    [formatShare(null), '-'],
    [formatShare(0), '0.0%'],
    [formatShare(2 / 3), '66.7%'],
    [formatShare(1), '100.0%'],
    [formatDollars(0), '$0.00'],
    [formatDollars(12.345), '$12.35'],
    [formatDollars(1_234_567.8), '$1,234,567.80'],
    [formatDollars(0.01), '$0.01'],
    [formatDollars(0.0042), '$0.0042'],
    [formatDollars(0.00001), '<$0.0001'],
    [formatTime(0), '0ms'],
    [formatTime(19), '19s'],
    [formatTime(0.25), '250ms'],
    [formatTime(59.94), '59.9s'],
    [formatTime(60), '1m'],
    [formatTime(12_240), '3h 24m'],
    [formatTime(40 * 3_600), '1d 16h'],
    [formatTime(3 * 86_400), '3d'],
    [formatSize(0), '0 B'],
    [formatSize(1_023), '1023 B'],
    [formatSize(1_536), '1.5 KiB'],
    [formatSize(4 * 2 ** 30), '4 GiB'],
    [formatSize(2 ** 52), '4 PiB'],
    [formatMoment('2026-11-22T22:58:11.123Z'), '2026-11-22 22:58:11 UTC'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected);
  });
});

describe('a table', () => {
  const COLUMNS = [
    { title: 'name', align: 'left', shrinksTo: 4 },
    { title: 'note', align: 'left', shrinksTo: 6 },
    { title: 'n', align: 'right' },
  ] as const;

  test('is aligned', () => {
    expect(
      tableLines(COLUMNS, [
        ['a', 'bb', '1'],
        ['世界', '', '1,000'],
      ]),
    ).toEqual(['name  note      n', 'a     bb        1', '世界        1,000']);
  });

  test.each([20, 24, 30, 60])('fits %i columns', (width) => {
    const rows = [
      ['a name that is long', 'a note that is longer by far', '12,345'],
      ['世界世界世界世界', '🌊🌊🌊🌊🌊🌊', '1'],
    ];
    const lines = tableLines(COLUMNS, rows, width);
    expect(lines.filter((line) => stringWidth(line) > width)).toEqual([]);
    expect(lines.slice(1).map((line) => line.split(/\s+/).at(-1))).toEqual(['12,345', '1']);
  });

  test('gives nothing up where columns may not give way', () => {
    expect(tableLines([{ title: 'x', align: 'left' }], [['0123456789']], 4)).toEqual(['x', '0123456789']);
  });

  test.each([
    ['plain', 5],
    ['世界', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
  ])('gives %s as many columns as a terminal does', (text, width) => {
    expect(
      tableLines(
        [
          { title: '', align: 'left' },
          { title: '', align: 'left' },
        ],
        [[text, '|']],
      )[1],
    ).toBe(`${text}${' '.repeat(2)}|`);
    expect(tableLines([{ title: '123456', align: 'right' }], [[text]])[1]).toBe(' '.repeat(6 - width) + text);
  });

  test('cuts between characters that are seen as one', () => {
    expect([cut('abcdef', 4), cut('abcd', 4), cut('世界世界', 4), cut('👩‍👩‍👧👩‍👩‍👧x', 4)]).toEqual([
      'abc…',
      'abcd',
      '世…',
      '👩‍👩‍👧…',
    ]);
  });
});
