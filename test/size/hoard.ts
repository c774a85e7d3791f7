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
/** Gigabytes pass here, and may take their time on a machine that others use too. */
const NET = { timeout: 600_000 };
/**
 * The shares of all bodies that come, one after the other: all to a process that has not seen their like; then some,
 * which fill the budget too, to one whose allocator has.
 */
const ROUNDS = [1, 1 / 4, 1 / 4];
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
  while (!over) {
    const { status, headers } = await ask(proxy.url + CHAT, KEPT);
    words.push(`${status} ${headers['x-cache']}`);
  }
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
  const growths: number[] = [];
  for (const [round, share] of ROUNDS.entries()) {
    const bodies = Array.from({ length: count * share }, (_, index) => bodyOf(round * count + index));
    let words: unknown[] = [];
    const growth = await proxy.growth(async () => {
      const others = Promise.all(bodies.map(async (body) => answers.push(await send(proxy, ...body))));
      words = await hitsDuring(proxy, others);
    });
    growths.push(growth);
    expect(new Set(words)).toEqual(new Set(['200 HIT']));
  }
  return { growths, answers };
}

/**
 * The bodies took no more than their budget, and left nothing behind. That the process gives its memory back to the
 * system is not asked: its allocator may keep it, and does for as long as it likes.
 */
function expectBounded([first = Infinity, ...others]: readonly number[], budget: number): void {
  expect(first).toBeLessThan(SLACK + budget);
  expect(Math.max(...others)).toBeLessThan(2 * SLACK + budget);
  const [before = Infinity, last = Infinity] = others.slice(-2);
  expect(last).toBeLessThan(before + SLACK);
}

const inMegabytes = (growths: readonly number[]) =>
  growths.map((growth) => `${(growth / MB).toFixed(1)} MB`).join(', then ');

export function hoardAtMost({ bombs, large, tell }: Hoard): void {
  for (const [coding, make] of Object.entries(BOMBS)) {
    test(`${bombs} bodies in ${coding} that decode to 300 MB take little, and are passed on`, NET, async () => {
      const bomb = make();
      const { growths, answers } = await measure([], bombs, () => [
        () => [bomb],
        { 'content-encoding': coding, 'content-length': String(bomb.length) },
      ]);
      tell?.(`${bombs} bombs in ${coding} of ${bomb.length} bytes: grew by ${inMegabytes(growths)}`);
      expect(new Set(answers.map((answer) => `${answer?.status} ${answer?.headers['x-cache']}`))).toEqual(
        new Set(['200 BYPASS']),
      );
      expectBounded(growths, BUDGET);
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
    test(`${large} bodies of 15.9 MB at once take no more than ${what}`, NET, async () => {
      const piece = Buffer.alloc(63_600, 'a');
      const begin = (index: number) => Buffer.from(`{"model":"m","messages":[{"role":"user","content":"${index} `);
      function* body(index: number): Iterable<Buffer> {
        yield begin(index);
        for (let count = 0; count < 250; count++) yield piece;
        yield Buffer.from('"}]}');
      }
      const length = (index: number) => String(begin(index).length + 250 * piece.length + 4);
      const { growths, answers } = await measure(flags, large, (index) => [
        () => body(index),
        { 'content-length': length(index) },
      ]);
      const words = Map.groupBy(answers, (answer) => `${answer?.status} ${answer?.headers['cache-status']}`);
      tell?.(
        `${large} bodies of 15.9 MB, ${what}: grew by ${inMegabytes(growths)}; ` +
          `${Array.from(words, ([word, all]) => `${all.length} ${word}`).join(', ')}`,
      );
      expect(
        answers.map((answer) => answer?.status).filter((status) => !(statuses as readonly unknown[]).includes(status)),
      ).toEqual([]);
      expectBounded(growths, budget);
    });
  }
}
