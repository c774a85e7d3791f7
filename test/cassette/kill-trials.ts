/**
 * Two processes that record to one cassette and are killed at any moment: all that each said was recorded is there, the
 * file can be read at once, and nothing is in it twice. Declares a test.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { readCassette, rewriteCassette, splitFile } from '../../src/cassette/cassette-file.ts';
import type { RecordedExchange } from '../../src/cassette/recorded-exchange.ts';
import { Random } from '../request/random.ts';
import { createCassetteFolder } from './cassette-folder.ts';
import { numbered } from './exchange-fixtures.ts';

const RECORDER = new URL('./recorder.ts', import.meta.url).pathname;
const NAMES = ['a', 'b'];
const MOST_LINES = 12;

export function losesNothingWhenKilled(trials: number): void {
  test(`two that record are killed ${trials} times, and nothing is lost`, async () => {
    const { path } = createCassetteFolder();
    const random = new Random(7);
    const recorded = new Map(NAMES.map((name) => [name, 0]));
    for (let trial = 0; trial < trials; trial += 1) {
      const said = await Promise.all(
        NAMES.map((name) => record(path, name, recorded.get(name) as number, 1 + random.below(MOST_LINES))),
      );
      // Without what is pending: the old file, or the new one.
      splitFile(path);
      const texts = readCassette(path).documents.map(({ exchange }) => textOf(exchange));
      expect(new Set(texts).size).toBe(texts.length);
      for (const [index, name] of NAMES.entries()) {
        const count = said[index] as number;
        const own = texts.filter((text) => text === textOf(numbered(name, numberIn(text))));
        // One more may have been written, and not said.
        expect([count, count + 1], `trial ${trial}`).toContain(own.length);
        expect(own.map(numberIn)).toEqual(own.map((_, number) => number));
        recorded.set(name, own.length);
      }
      if (trial % 2 === 1) rewriteCassette(path);
    }
  });
}

/** @returns how many exchanges it has recorded since the first of all, as far as it said */
async function record(path: string, name: string, from: number, lines: number): Promise<number> {
  const child = spawn(process.execPath, [RECORDER, path, name, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  let [said, seen] = [from, 0];
  for await (const line of createInterface({ input: child.stdout })) {
    said = Number(line) + 1;
    if ((seen += 1) === lines) child.kill('SIGKILL');
  }
  expect(await exit).toEqual([null, 'SIGKILL']);
  return said;
}

function textOf({ request }: RecordedExchange): string {
  return request.body.toString();
}

function numberIn(text: string): number {
  return Number(/"[ab] (\d+)/.exec(text)?.[1]);
}
