/**
 * Many requests at once that are large, or that claim to be small: the same
 * tests with any number.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import { expect, test } from 'vitest';
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { CHAT, chatAnswer, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { type Digest, digestOf, MB, open, type ProxyProcess, pour, repeated } from './proxy-process.ts';

export interface Hoard {
  /** Bodies at once that decode to 300 MB. */
  readonly bombs: number;
  /** Bodies at once of 15.9 MB. */
  readonly large: number;
  /** Told of each growth that was measured. */
  readonly tell?: (what: string) => void;
}

/** In bytes: what is no request's. After long bodies the allocator keeps up to twice of it for the next ones. */
const SLACK = 64 * MB;
const BUDGET = 256 * 1024 * 1024;

const KEPT = { body: chatRequest('kept') };

const ZEROS = Buffer.alloc(300 * MB);
const BOMBS = {
  br: () =>
    brotliCompressSync(ZEROS, { params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 24 } }),
  gzip: () => gzipSync(ZEROS),
  zstd: () => zstdCompressSync(ZEROS, { params: { [constants.ZSTD_c_windowLog]: 27 } }),
} as const;

/**
 * Asks once on a connection of its own, and reads the answer to its end.
 * @returns null where the proxy hung up, as it may on a body that it has refused
 */
async function send(
  proxy: ProxyProcess,
  body: () => Iterable<Buffer>,
  headers: Record<string, string>,
): Promise<Digest | null> {
  const outgoing = request(proxy.url + CHAT, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json', ...headers },
  });
  const answered = once(outgoing, 'response').then(([message]) => digestOf(message));
  const sent = pour(outgoing, body());
  const [answer] = await Promise.allSettled([answered, Promise.race([sent, once(outgoing, 'close')])]);
  return answer.status === 'fulfilled' ? answer.value : null;
}

/** Asks for what is kept until all others have their answers. @returns the words of the answers */
async function hitsDuring(proxy: ProxyProcess, others: Promise<unknown>): Promise<unknown[]> {
  const words: unknown[] = [];
  let over = false;
  void others.finally(() => (over = true));
  while (!over) words.push((await ask(proxy.url + CHAT, KEPT)).headers['x-cache']);
  await others;
  return words;
}

async function measure(
  flags: readonly string[],
  count: number,
  bodyOf: (index: number) => readonly [() => Iterable<Buffer>, Record<string, string>],
) {
  const proxy = await open(
    (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(chatAnswer()),
    flags,
  );
  await ask(proxy.url + CHAT, KEPT);
  // Memory that a process takes once for traffic of this kind is no cost of these bodies.
  const passing = Array.from(repeated(20 * MB, Buffer.alloc(65_536, 'a')));
  const length = String(passing.length * 65_536);
  await Promise.all(Array.from({ length: 8 }, () => send(proxy, () => passing, { 'content-length': length })));
  proxy.settle();
  const answers: (Digest | null)[] = [];
  let words: unknown[] = [];
  const growth = await proxy.growth(async () => {
    const others = Promise.all(
      Array.from({ length: count }, async (_, index) => answers.push(await send(proxy, ...bodyOf(index)))),
    );
    words = await hitsDuring(proxy, others);
  });
  expect(new Set(words)).toEqual(new Set(['HIT']));
  return { proxy, growth, answers };
}

export function hoardAtMost({ bombs, large, tell }: Hoard): void {
  for (const [coding, make] of Object.entries(BOMBS)) {
    test(`${bombs} bodies in ${coding} that decode to 300 MB take little, and are passed on`, {
      timeout: 120_000,
    }, async () => {
      const bomb = make();
      const { proxy, growth, answers } = await measure([], bombs, () => [
        () => [bomb],
        { 'content-encoding': coding, 'content-length': String(bomb.length) },
      ]);
      tell?.(`${bombs} bombs in ${coding} of ${bomb.length} bytes: grew by ${(growth / MB).toFixed(1)} MB`);
      expect(new Set(answers.map((answer) => `${answer?.status} ${answer?.headers['x-cache']}`))).toEqual(
        new Set(['200 BYPASS']),
      );
      expect(growth).toBeLessThan(SLACK + BUDGET);
      expect(await proxy.givesBack(2 * SLACK, 15)).toBe(true);
    });
  }

  for (const [what, budget, flags, statuses] of [
    ['the default budget', BUDGET, [], [200]],
    [
      'a budget that is too small for them to pass',
      32 * 1024 * 1024,
      ['--limits-request-bytes', '32MiB'],
      [200, 503, undefined],
    ],
  ] as const) {
    test(`${large} bodies of 15.9 MB at once take no more than ${what}`, { timeout: 120_000 }, async () => {
      const piece = Buffer.alloc(63_600, 'a');
      const begin = (index: number) => Buffer.from(`{"model":"m","messages":[{"role":"user","content":"${index} `);
      function* body(index: number): Iterable<Buffer> {
        yield begin(index);
        for (let count = 0; count < 250; count++) yield piece;
        yield Buffer.from('"}]}');
      }
      const length = (index: number) => String(begin(index).length + 250 * piece.length + 4);
      const { proxy, growth, answers } = await measure(flags, large, (index) => [
        () => body(index),
        { 'content-length': length(index) },
      ]);
      const words = Map.groupBy(answers, (answer) => `${answer?.status} ${answer?.headers['cache-status']}`);
      tell?.(
        `${large} bodies of 15.9 MB, ${what}: grew by ${(growth / MB).toFixed(1)} MB; ` +
          `${Array.from(words, ([word, all]) => `${all.length} ${word}`).join(', ')}`,
      );
      expect(
        answers.map((answer) => answer?.status).filter((status) => !(statuses as readonly unknown[]).includes(status)),
      ).toEqual([]);
      expect(growth).toBeLessThan(SLACK + budget);
      expect(await proxy.givesBack(2 * SLACK, 15)).toBe(true);
    });
  }
}
