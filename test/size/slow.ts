/**
 * Connections that are slow on purpose: they never end their head, never end
 * their body, or never read their answer. Declares a test.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CHAT, chatAnswer, chatEvents, chatRequest } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { quantile, type Tell } from './figures.ts';
import { MB, open } from './proxy-process.ts';

export interface SlowOptions {
  /** How many connections of each kind. */
  readonly each: number;
  /** True where the proxy is waited for until it gives them up. */
  readonly untilGivenUp: boolean;
  readonly tell?: Tell;
}

/** By when a head must be whole, and for how long a body may be silent. */
const HEAD_MS = 10_000;
const BODY_MS = 30_000;
/** The proxy looks now and then, and others use the machine; far less than a connection may be idle for. */
const SLACK_MS = 15_000;

const AT_ONCE = 250;

const HEAD = `POST ${CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n`;
/** Found at once, and more than a socket takes that nobody reads. */
const LARGE = chatRequest('large');
const asLength = (body: string) => `content-length: ${body.length}\r\n\r\n${body}`;
const HIT = { body: chatRequest('hit') };
const STREAM = { body: chatRequest('live', { stream: true }) };

/** A connection that says this much and no more. */
class Slow {
  readonly answered: Promise<this>;
  /** How long after it had said it the proxy gave it up, in ms. */
  waitedMs = Number.NaN;
  text = '';
  readonly socket: Socket;

  constructor(url: string, says: string, reads: boolean) {
    let saidAt = 0;
    this.socket = connect(Number(new URL(url).port), '127.0.0.1', () =>
      this.socket.write(says, () => (saidAt = performance.now())),
    );
    this.socket.on('error', () => {});
    if (reads) this.socket.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
    this.answered = new Promise((resolve) =>
      this.socket.once(reads ? 'data' : 'close', () => {
        this.waitedMs = performance.now() - saidAt;
        resolve(this);
      }),
    );
  }
}

export function surviveTheSlow({ each, untilGivenUp, tell }: SlowOptions): void {
  test(`${each} connections that never end their head, as many their body, as many that never read, hinder nobody`, {
    timeout: 180_000 + each * 100,
  }, async () => {
    const events = chatEvents();
    const live = { end: () => {} };
    const proxy = await open((response) => {
      if (proxy.received.length < 3) {
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(chatAnswer(proxy.received.length === 1 ? 'x'.repeat(MB) : 'hit'));
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(events[0]);
      live.end = () => response.end(events.slice(1).join(''));
    });
    await ask(proxy.url + CHAT, { body: LARGE });
    await ask(proxy.url + CHAT, HIT);
    const stream = await begin(proxy.url + CHAT, STREAM);

    const hitMs: number[] = [];
    const hit = async () => {
      const began = performance.now();
      expect((await ask(proxy.url + CHAT, HIT)).headers['x-cache']).toBe('HIT');
      hitMs.push(performance.now() - began);
    };
    /** A few at a time: a hit after each few shows that the proxy has come to them. */
    const many = async (says: string, reads: boolean) => {
      const all: Slow[] = [];
      while (all.length < each) {
        all.push(
          ...Array.from({ length: Math.min(AT_ONCE, each - all.length) }, () => new Slow(proxy.url, says, reads)),
        );
        await hit();
      }
      return all;
    };
    let heads: Slow[] = [];
    let bodies: Slow[] = [];
    let readers: Slow[] = [];
    const growth = await proxy.growth(async () => {
      readers = await many(HEAD + asLength(JSON.stringify(LARGE)), false);
      heads = await many(`${HEAD}x-slow: `, true);
      bodies = await many(`${HEAD}content-length: 100\r\n\r\n{`, true);
      for (let count = 0; count < 20; count += 1) await hit();
      if (!untilGivenUp) return;
      const isOver = Promise.all([...heads, ...bodies].map(({ answered }) => answered)).then(() => true);
      while (!(await Promise.race([isOver, setTimeout(100, false)]))) await hit();
    });
    if (untilGivenUp) {
      for (const [slow, code, ms] of [
        [heads, 'headers_timeout', HEAD_MS],
        [bodies, 'body_timeout', BODY_MS],
      ] as const) {
        const waits = slow.map(({ waitedMs }) => waitedMs);
        tell?.(
          `${slow.length} of ${code}: given up after ${Math.min(...waits).toFixed(0)} ` +
            `to ${Math.max(...waits).toFixed(0)} ms`,
        );
        expect(slow.filter(({ text }) => !text.startsWith('HTTP/1.1 408 ') || !text.includes(code))).toEqual([]);
        expect(Math.max(...waits)).toBeLessThan(ms + SLACK_MS);
      }
    }
    // A stream is silent for as long as its upstream is.
    live.end();
    expect(await stream.ended).toMatchObject({ text: events.join(''), broken: false });
    for (const { socket } of [...heads, ...bodies, ...readers]) socket.destroy();
    await hit();
    tell?.(
      `${3 * each} slow connections: grew by ${(growth / MB).toFixed(0)} MB; ${hitMs.length} hits meanwhile, ` +
        `p50 ${quantile(hitMs, 0.5).toFixed(1)} ms, p99 ${quantile(hitMs, 0.99).toFixed(1)} ms`,
    );
    expect(growth).toBeLessThan(32 * MB + each * 3 * 40_000);
  });
}
