import { duplexPair } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Channel, type Services } from '../../src/workers/channel.ts';
import { FrameReader, LENGTH_BYTES } from '../../src/workers/frames.ts';

type Echo = { readonly echo: { say(value: unknown): unknown; later(value: unknown): Promise<unknown> } };

function pairOf(services: Services) {
  const [ours, theirs] = duplexPair();
  const faults: string[] = [];
  const onFault = (method: string) => void faults.push(method);
  const channel = new Channel<Echo>({ socket: ours, services: {}, onFault, onClose: () => {} });
  const closed = new Promise<void>((resolve) => {
    void new Channel({ socket: theirs, services, onFault, onClose: resolve });
  });
  return { channel, closed, faults, theirs };
}

const ECHO = {
  echo: {
    say: (value: unknown) => value,
    later: async (value: unknown) => value,
  },
};

describe('a channel', () => {
  test('carries what JSON cannot', async () => {
    const { channel } = pairOf(ECHO);
    for (const value of [Infinity, undefined, null, new Map([['a', new Set([1n])]]), Buffer.from([0, 255])]) {
      expect(await channel.ask('echo', 'say', value)).toEqual(value);
      expect(await channel.ask('echo', 'later', value)).toEqual(value);
    }
  });

  test('answers by undefined where a method fails, or what it is given or returns cannot cross', async () => {
    const { channel, faults } = pairOf({
      echo: {
        say() {
          throw new Error('no');
        },
        later: async () => () => {},
      },
    });
    expect(await channel.ask('echo', 'say', 1)).toBeUndefined();
    expect(await channel.ask('echo', 'later', 1)).toBeUndefined();
    expect(await channel.ask('echo', 'later', Promise.resolve())).toBeUndefined();
    channel.tell('echo', 'say', () => {});
    expect(faults).toEqual(['echo.say', 'answer', 'echo.later', 'echo.say']);
  });

  test('settles all that is asked when it ends, and asks no more', async () => {
    const { channel, theirs } = pairOf({ echo: { say: () => new Promise(() => {}) } });
    const asked = [channel.ask('echo', 'say', 1), channel.ask('echo', 'say', 2)];
    theirs.destroy();
    theirs.push(null);
    channel.close();
    await channel.flushed();
    expect(await Promise.all(asked)).toEqual([undefined, undefined]);
    expect(channel.isOpen).toBe(false);
    expect(await channel.ask('echo', 'say', 3)).toBeUndefined();
  });
});

describe('frames', () => {
  const texts = ['', 'a', 'x'.repeat(70_000), '海 🌊', '', 'the last'];
  const bytes = Buffer.concat(
    texts.flatMap((text) => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32LE(Buffer.byteLength(text));
      return [length, Buffer.from(text)];
    }),
  );

  test.for([1, 2, 3, 5, 1_000, 65_536, 1_000_000])('come whole from pieces of %i bytes', (size) => {
    const reader = new FrameReader();
    const frames: string[] = [];
    for (let at = 0; at < bytes.length; at += size)
      for (const frame of reader.push(bytes.subarray(at, at + size))) frames.push(frame.toString());
    expect(frames).toEqual(texts);
  });
});
