/**
 * A proxy whose disk takes long for each thing that it does: whoever asks is
 * served as if there were none. Declares a test.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { ask } from '../harness/client.ts';
import { startUpstream } from '../harness/upstream.ts';
import { quantile } from '../size/figures.ts';
import { buildShim } from './disk-shim.ts';

export interface SlowDiskOptions {
  /** How long the disk takes for each touch, in ms, one after the other. */
  readonly delays: readonly number[];
  /** How many requests of each kind are made meanwhile. */
  readonly requests: number;
  readonly report?: (figures: string) => void;
}

const STORE = 'cache.sqlite';
/** As many answers as the memory tier below has no room for. */
const ON_DISK = 200;
const TEXT = 'x'.repeat(20_000);
/** A lookup is waited for this long at most, with room for a machine that is busy. */
const PATIENCE_MS = 5_000;

const answerTo = (question: string) => chatAnswer(`answer to ${question} ${TEXT}`);

export function serveInSpiteOfSlowDisks({ delays, requests, report }: SlowDiskOptions): void {
  test(`a disk that takes ${delays.join(', ')} ms for each touch fails nobody, and nobody waits for it`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'refrain-slow-'));
    const upstream = await startUpstream((call) =>
      sendJson(call, answerTo(JSON.parse(call.body.toString()).messages[0].content)),
    );
    const delay = join(folder, 'delay');
    const takes = (ms: number) => writeFileSync(delay, String(ms * 1_000));
    takes(0);
    const environment = { LD_PRELOAD: buildShim(folder), DISK_FILE: STORE, DISK_DELAY: delay };
    const child = new Child(
      [
        '--port',
        '0',
        '--admin-port',
        '0',
        '--upstream',
        `${upstream.url}/v1`,
        '--store-path',
        join(folder, STORE),
        '--memory-bytes',
        '1MiB',
      ],
      folder,
      environment,
    );
    onTestFinished(async () => {
      takes(0);
      await child.end();
      await upstream.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    const { api } = await child.ready();
    /** Where a question found its answer, which must be right, and how long that took. */
    const put = async (question: string) => {
      const began = performance.now();
      const { status, text, headers } = await ask(api + CHAT, { body: chatRequest(question) });
      const ms = performance.now() - began;
      expect([status, text === answerTo(question)], question).toEqual([200, true]);
      return {
        where:
          headers['x-cache'] === 'HIT'
            ? String(/detail=(\w+)/.exec(String(headers['cache-status']))?.[1])
            : String(headers['x-cache']),
        ms,
      };
    };
    const many = async (name: string, from: number) => {
      const answers = [];
      for (let index = from; index < from + requests; index += 1) answers.push(await put(`${name} ${index}`));
      const times = answers.map(({ ms }) => ms);
      const places = Object.entries(Object.groupBy(answers, ({ where }) => where)).map(
        ([where, each]) => `${each?.length} ${where}`,
      );
      return {
        times,
        where: answers.map(({ where }) => where),
        told:
          `${name}: ${places.join(', ')}, ` +
          `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(0)} ms`,
      };
    };

    for (let index = 0; index < ON_DISK; index += 1) await put(`disk ${index}`);
    await expect.poll(async () => (await put('disk 0')).where, { timeout: 20_000 }).toMatch(/sqlite|memory/);
    let from = 0;
    for (const ms of [0, ...delays]) {
      takes(ms);
      const fresh = await many('new', (from += requests));
      const kept = await many('new', from);
      const disk = await many('disk', from % ON_DISK);
      report?.(`a disk that takes ${ms} ms; ${fresh.told}; again, ${kept.told}; kept before, ${disk.told}`);
      // The newest are found, in memory or among what is still to be written, whatever the disk does.
      expect(kept.where).not.toContain('MISS');
      expect(new Set(fresh.where)).toEqual(new Set(['MISS']));
      expect(Math.max(...fresh.times, ...kept.times, ...disk.times)).toBeLessThan(PATIENCE_MS);
    }
    takes(0);
    // It is used again once it is as quick as before; what was asked for meanwhile is in memory.
    let untouched = ON_DISK;
    await expect
      .poll(async () => (await put(`disk ${(untouched -= 1)}`)).where, { timeout: 90_000, interval: 1_000 })
      .toBe('sqlite');
  });
}
