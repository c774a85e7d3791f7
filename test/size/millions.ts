/**
 * More distinct answers than the memory tier may hold, in scripts that UTF-16
 * and UTF-8 count differently: the same test with any number of them.
 */
import { expect, test } from 'vitest';
import { Pool } from 'undici';
import { CHAT, chatAnswer, chatRequest } from '../harness/answers.ts';
import { metricsOf, quantile, type Tell } from './figures.ts';
import { MB, open, residentOf } from './proxy-process.ts';

export interface Millions {
  readonly answers: number;
  /** The bound of the memory tier, in MiB. */
  readonly capMiB: number;
  readonly tell?: Tell;
}

/** Bytes of a text in an answer, whatever its script. */
const TEXT_BYTES = 1_700;
const CONNECTIONS = 32;
/** From a cap of this on, the program itself counts little. */
const LARGE_MIB = 256;
/** How often it is looked at meanwhile. */
const LOOKS = 100;

/** One, three and four bytes each. */
const SCRIPTS = ['a', '海', '🌊'].map((character) => character.repeat(TEXT_BYTES / Buffer.byteLength(character)));

const textAt = (index: number) => `${index} ${SCRIPTS[index % SCRIPTS.length]}`;

export function keepWithinTheCap({ answers, capMiB, tell }: Millions): void {
  const cap = capMiB * 1024 * 1024;

  test(`${answers} distinct answers of 2 KB stay within a cap of ${capMiB} MiB, in memory too`, {
    timeout: 180_000 + answers * 10,
  }, async () => {
    let served = 0;
    const proxy = await open(
      (response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(chatAnswer(textAt((served += 1)))),
      ['--memory-bytes', `${capMiB}MiB`],
    );
    const pool = new Pool(proxy.url, { connections: CONNECTIONS });
    const ask = async (index: number) => {
      const { headers, body } = await pool.request({
        path: CHAT,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(chatRequest(`question ${index}`)),
      });
      return { word: headers['x-cache'], text: await body.text() };
    };
    const seen = { resident: 0, held: 0, entries: 0, dropAtOnce: 0 };
    const hitMs: number[] = [];
    const look = async (last: number) => {
      const metrics = await metricsOf(proxy);
      const entries = metrics.get('refrain_store_entries{tier="memory"}') as number;
      seen.dropAtOnce = Math.max(seen.dropAtOnce, seen.entries - entries);
      seen.entries = entries;
      seen.held = metrics.get('refrain_store_bytes{tier="memory"}') as number;
      seen.resident = Math.max(seen.resident, residentOf(proxy.child.pid));
      expect(seen.held).toBeLessThanOrEqual(cap);
      // The newest are there.
      const began = performance.now();
      expect((await ask(last)).word).toBe('HIT');
      hitMs.push(performance.now() - began);
    };

    let next = 0;
    const each = Math.ceil(answers / LOOKS);
    const growth = await proxy.growth(async () => {
      for (let until = each; next < answers; until = Math.min(answers, until + each)) {
        const walk = async () => {
          while (next < until) expect((await ask((next += 1))).word).toBe('MISS');
        };
        await Promise.all(Array.from({ length: CONNECTIONS }, walk));
        proxy.received.length = 0;
        await look(next);
      }
    });
    expect(served).toBe(answers);
    await pool.close();
    tell?.(
      `${answers} answers under ${capMiB} MiB: ${seen.entries} entries of ${(seen.held / MB).toFixed(0)} MB held; ` +
        `at most ${(seen.resident / MB).toFixed(0)} MB resident, ${(growth / MB).toFixed(0)} MB more than before; ` +
        `at most ${seen.dropAtOnce} fewer from one look to the next; ` +
        `a hit p50 ${quantile(hitMs, 0.5).toFixed(1)} ms, p99 ${quantile(hitMs, 0.99).toFixed(1)} ms`,
    );
    expect(seen.held).toBeGreaterThan(cap * 0.8);
    expect(growth).toBeLessThan(2 * cap + 100 * MB);
    if (capMiB >= LARGE_MIB) expect(seen.resident).toBeLessThan(2 * cap + 150 * MB);
    expect(seen.dropAtOnce).toBeLessThan(seen.entries / 100);
  });
}
