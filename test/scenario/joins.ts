/**
 * Followers that join a stream after any byte of it: between two events, inside
 * one, inside a character. Declares tests.
 */
import { describe, expect } from 'vitest';
import { beginStream, CHAT, chatEvents, chatRequest, responseEvents } from '../harness/answers.ts';
import { begin, type LiveAnswer } from '../harness/client.ts';
import { story } from '../harness/story.ts';
import { Random } from '../request/random.ts';

export interface JoinCounts {
  /** How many join, of each stream. */
  readonly joins: number;
  readonly seed: number;
}

const TEXTS = ['Salt ', 'wäter, ', '海は', '🌊🏴‍☠️', ' e\u0301', '\n', ' and so on'];

const inCrlf = (event: string) => event.replaceAll('\n', '\r\n');

const STREAMS: readonly (readonly [string, string, object, Buffer])[] = [
  ['a chat', CHAT, chatRequest('x', { stream: true }), Buffer.from(chatEvents([...TEXTS, ...TEXTS]).join(''))],
  [
    'a chat whose lines end in CRLF',
    CHAT,
    chatRequest('y', { stream: true }),
    Buffer.from(chatEvents(TEXTS).map(inCrlf).join('')),
  ],
  [
    'a response',
    '/v1/responses',
    { model: 'm', input: 'x', stream: true },
    Buffer.from(responseEvents(TEXTS.join('')).join('')),
  ],
];

/** The places in the middle of a character. */
const placesInCharacters = (bytes: Buffer) => [...bytes.keys()].filter((at) => ((bytes[at] as number) & 0xc0) === 0x80);

export function mayJoinAnywhere({ joins, seed }: JoinCounts): void {
  describe('a stream that is followed from any byte on', () => {
    for (const [what, path, body, whole] of STREAMS) {
      story(
        `reaches all of ${joins} without a gap, a repeat or a change: ${what}, seed ${seed}`,
        { timeout: 180_000 + joins * 500 },
        async ({ upstream, open }) => {
          const proxy = await open();
          const random = new Random(seed);
          const split = placesInCharacters(whole);
          const offsetOf = (index: number) => (index % 4 === 0 ? random.pick(split) : random.below(whole.length));
          const offsets = Array.from({ length: joins }, (_, index) => offsetOf(index)).sort(
            (one, other) => one - other,
          );
          upstream.script = beginStream;
          const leader = await begin(proxy.url + path, { body });
          const { response } = await upstream.called(1);
          const followers: LiveAnswer[] = [];
          let sent = 0;
          for (const offset of offsets) {
            if (offset > sent) response.write(whole.subarray(sent, offset));
            sent = Math.max(sent, offset);
            await leader.receives(sent);
            const follower = await begin(proxy.url + path, { body });
            // All that is there is played at once, before another byte comes.
            await follower.receives(sent);
            expect(follower.received.equals(whole.subarray(0, sent)), `joined after ${sent} bytes`).toBe(true);
            expect(follower.message.headers['x-cache']).toBe('FOLLOW');
            followers.push(follower);
          }
          response.end(whole.subarray(sent));
          for (const [at, { ended }] of [leader, ...followers].entries()) {
            const { body: got, broken } = await ended;
            expect([broken, got.equals(whole)], `joined after ${offsets[at - 1] ?? 0} bytes`).toEqual([false, true]);
          }
          expect(upstream.calls).toHaveLength(1);
        },
      );
    }
  });
}
