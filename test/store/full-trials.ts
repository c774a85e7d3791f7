/**
 * A disk that fills up and is freed again, over and over, under a proxy that
 * is asked all the while and never restarted. Declares a test.
 */
import { randomInt } from 'node:crypto';
import { statSync } from 'node:fs';
import { expect } from 'vitest';
import { type ConstrainedProxy, story } from './constrained.ts';

/** The time that the store gathers changes, and the time before it tries again. */
const GATHER_MS = 50;
const RETRY_MS = 5_000;
/** A log that was written back is written anew from its start, and then has room up to the size that it had. */
const MOST_WRITTEN = 1_000_000;
/** More than fit into that. */
const MOST_QUESTIONS = 50;

interface FullOptions {
  readonly rounds: number;
  readonly report?: (figures: string) => void;
}

export function outlivesFullDisks({ rounds, report }: FullOptions): void {
  story(
    `a proxy whose disk is full ${rounds} times serves all the while, and keeps all once there is room`,
    { timeout: 180_000 + rounds * 3_000 },
    async ({ run, path, upstream }) => {
      const proxy = await run();
      const asked: string[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const room = round === 0 ? 0 : Math.min(statSync(`${path}-wal`).size, MOST_WRITTEN) + randomInt(200_000);
        asked.push(...(await fillAndFree(proxy, round, room)));
      }
      expect(upstream.calls).toHaveLength(asked.length);

      await proxy.kill();
      const next = await run();
      for (const question of asked) expect(await next.ask(question), question).toBe('sqlite');
      expect(next.lines).toEqual([]);
      report?.(`${rounds} full disks: ${asked.length} answers, all kept`);
    },
  );
}

/** @returns what was asked, each for the first time */
async function fillAndFree(proxy: ConstrainedProxy, round: number, room: number): Promise<string[]> {
  const asked: string[] = [];
  const askNew = async () => {
    const question = `question ${asked.length} of round ${round}`;
    expect(await proxy.ask(question)).toBe('MISS');
    await proxy.turn(GATHER_MS);
    asked.push(question);
  };
  const linesOf = () => proxy.lines.slice(2 * round);

  await askNew();
  proxy.limitFiles(room);
  while (linesOf().length === 0 && asked.length < MOST_QUESTIONS) await askNew();
  expect(linesOf()).toEqual([
    expect.objectContaining({ level: 'warn', code: expect.stringMatching(/^SQLITE_(IOERR|FULL)$/) }),
  ]);

  proxy.limitFiles(0);
  for (let retry = 0; retry < 2; retry += 1) await proxy.turn(RETRY_MS);
  await askNew();
  for (const question of asked) expect(await proxy.ask(question), question).toBe('memory');
  expect(linesOf()).toHaveLength(1);

  proxy.limitFiles('unlimited');
  await proxy.turn(RETRY_MS - GATHER_MS - 1);
  expect(linesOf()).toHaveLength(1);
  await proxy.turn(1);
  expect(linesOf().map(({ level }) => level)).toEqual(['warn', 'info']);
  await askNew();
  return asked;
}
