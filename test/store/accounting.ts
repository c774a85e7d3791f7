/**
 * The bytes that the memory tier counts against those that V8 says it takes, once it is
 * full and has dropped most of what it was given. Declares tests.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/response/entry.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { chatAnswer, chatRequest } from '../harness/answers.ts';
import { entryOf } from './entries.ts';

export interface AccountingOptions {
  /** How many answers are kept, one after the other. */
  readonly answers: number;
  /** The bound of the tier, in bytes. */
  readonly cap: number;
  readonly report?: (figures: string) => void;
}

const TEXT_BYTES = 1_700;
const SCRIPTS = { ASCII: 'a', CJK: '海', emoji: '🌊', 'all of them': 'a海🌊' };

/** As much as the bodies take, whatever their script. */
const textOf = (characters: string) => characters.repeat(TEXT_BYTES / Buffer.byteLength(characters));

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Heap and buffers, after all garbage is gone. */
function taken(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function entryAt(index: number, text: string): Entry {
  const asked = {
    endpoint: 'chat' as const,
    model: 'gpt-test',
    scope: `private:${'0'.repeat(64)}`,
    tags: [],
    parts: { method: 'POST', body: `json:${JSON.stringify(chatRequest(`${index} ${text}`))}` },
  };
  return { ...entryOf(chatAnswer(`${index} ${text}`), { answerId: `chatcmpl-${index}` }), request: asked };
}

export function countsWhatItTakes({ answers, cap, report }: AccountingOptions): void {
  describe(`the memory tier, full after ${answers} answers of 2 KB, counts what it takes within a tenth:`, () => {
    test.each(Object.entries(SCRIPTS))('%s', (script, characters) => {
      const text = textOf(characters);
      const before = taken();
      const store = createMemoryStore({ maxBytes: cap, holdsParts: true });
      for (let index = 0; index < answers; index += 1)
        store.set(`${String(index).padStart(64, '0')}.json`, entryAt(index, text));
      const real = taken() - before;
      const { bytes, entries } = store.held;
      report?.(
        `${script}: ${entries} entries, counted ${(bytes / 1e6).toFixed(1)} MB, ` +
          `taken ${(real / 1e6).toFixed(1)} MB: ${((100 * bytes) / real).toFixed(1)} %`,
      );
      expect(bytes).toBeGreaterThan(cap * 0.99);
      expect(bytes).toBeLessThanOrEqual(cap);
      expect(bytes / real).toBeGreaterThan(0.9);
      expect(bytes / real).toBeLessThan(1.1);
    });
  });
}
