import { describe, expect, test } from 'vitest';
import { inertJson, inertLine, inertText } from '../../src/console/escape.ts';

/** The characters that no terminal may be sent: all that controls it, or turns the direction of reading. */
const CONTROLS = /(?!\u200c|\u200d|\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const ATTACKS: readonly (readonly [what: string, text: string, shown: string])[] = [
  ['a cleared screen', 'a\u001b[2Jb', 'a\\x1b[2Jb'],
  ['a window title', '\u001b]0;pwned\u0007', '\\x1b]0;pwned\\x07'],
  ['a written clipboard', '\u001b]52;c;cm0gLXJm\u001b\\', '\\x1b]52;c;cm0gLXJm\\x1b\\'],
  ['a link', '\u001b]8;;http://evil\u0007x\u001b]8;;\u0007', '\\x1b]8;;http://evil\\x07x\\x1b]8;;\\x07'],
  ['the same in one byte of C1', '\u009b31mred\u009d0;t\u009c', '\\x9b31mred\\x9d0;t\\x9c'],
  ['a line written over', 'good\rbad\u0008\u007f', 'good\\x0dbad\\x08\\x7f'],
  ['text turned around', 'a\u202egnp.exe\u2066x', 'a\\u202egnp.exe\\u2066x'],
  ['tags that nobody sees', `x${String.fromCodePoint(0xe0041)}`, 'x\\u{e0041}'],
  ['a line that is none', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
  ['half a character', 'a\ud800b', 'a\\ud800b'],
];

describe('text of others', () => {
  test.each(ATTACKS)('shows %s', (_what, text, shown) => {
    expect([inertLine(text), inertText(text)]).toEqual([shown, shown]);
  });

  test.each(ATTACKS)('as JSON holds %s, and is the same text to a reader', (_what, text) => {
    const json = inertJson({ text, [text]: [text] });
    expect(json).not.toMatch(CONTROLS);
    expect(JSON.parse(json)).toEqual({ text, [text]: [text] });
  });

  test('with any code unit in it controls nothing', () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      const text = `a${String.fromCharCode(unit)}b`;
      for (const shown of [inertLine(text), inertText(text).replace('\t', ''), inertJson(text)])
        expect(CONTROLS.test(shown), unit.toString(16)).toBe(false);
      expect(inertLine(text)).not.toContain('\n');
    }
  });

  test('keeps what people write', () => {
    const text = 'Grüße, 世界, مرحبا, 👩‍👩‍👧 और क्‍ष';
    expect([inertLine(text), inertText(text)]).toEqual([text, text]);
  });

  test('keeps its lines only where it may have some', () => {
    expect(inertText('a\r\nb\tc\n')).toBe('a\nb\tc\n');
    expect(inertLine('a\r\nb\tc\n')).toBe('a\\x0d\\x0ab\\x09c\\x0a');
  });
});
