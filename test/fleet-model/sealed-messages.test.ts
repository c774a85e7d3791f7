/**
 * Messages between nodes as they pass through Redis, which others may read:
 * they carry answers, and are sealed where stored answers are.
 */
import { expect, test } from 'vitest';
import { RedisHub } from '../../src/fleet/redis-hub.ts';
import type { RedisConnection } from '../../src/redis/connection.ts';
import { Sealing } from '../../src/store/sealing.ts';

const secret = (digit: number) => Buffer.alloc(32, digit);
const on = new Sealing({ secret: secret(1), isOn: true });
const off = new Sealing({ secret: secret(1), isOn: false });
const other = new Sealing({ secret: secret(2), isOn: true });

/** Channels alone. */
function createChannels() {
  const listeners = new Map<string, (message: Buffer) => void>();
  const passed: { readonly channel: string; readonly bytes: Buffer }[] = [];
  const deliver = (channel: string, bytes: Buffer) => listeners.get(channel)?.(bytes);
  const connection = {
    isCluster: false,
    async ask(_name: string, [channel, bytes]: [string, Buffer]) {
      passed.push({ channel, bytes });
      deliver(channel, bytes);
      return 1;
    },
    subscribe: (channel: string, listener: (message: Buffer) => void) => void listeners.set(channel, listener),
  } as unknown as RedisConnection;
  const join = (sealing?: Sealing) => {
    const hub = new RedisHub({ connection, ...(sealing && { sealing }) });
    const heard: string[] = [];
    hub.listen((message) => heard.push(message.toString()));
    return { hub, heard };
  };
  return { passed, deliver, join };
}

test.each([
  ['of two that seal', on, on],
  ['from one that seals to one that has the secret', on, off],
  ['from one that does not seal to one that does', off, on],
  ['of two without a secret', undefined, undefined],
])('a message is heard as it was sent: %s', async (_, from, to) => {
  const { join } = createChannels();
  const [sender, receiver] = [join(from), join(to)];
  await sender.hub.send(receiver.hub.node, Buffer.from('the answer'));
  expect(receiver.heard).toEqual(['the answer']);
});

test('what passes through Redis holds nothing of it', async () => {
  const { passed, join } = createChannels();
  const [sender, receiver] = [join(on), join(on)];
  await sender.hub.send(receiver.hub.node, Buffer.from('the answer'));
  expect(passed.map(({ bytes }) => bytes.includes('answer'))).toEqual([false]);
  await join(off).hub.send(receiver.hub.node, Buffer.from('the answer'));
  expect(passed.map(({ bytes }) => bytes.includes('answer'))).toEqual([false, true]);
});

test('one that was changed, is of another secret, or was for another node is lost', async () => {
  const { passed, deliver, join } = createChannels();
  const [sender, receiver, third] = [join(on), join(on), join(on)];
  await join(other).hub.send(receiver.hub.node, Buffer.from('the answer'));
  await sender.hub.send(third.hub.node, Buffer.from('for another'));
  const sent = passed.at(-1) as (typeof passed)[number];
  const channel = sent.channel.replace(third.hub.node, receiver.hub.node);
  deliver(channel, sent.bytes);
  const changed = Buffer.from(sent.bytes);
  changed[30] = (changed[30] as number) ^ 1;
  deliver(sent.channel, changed);
  expect([receiver.heard, third.heard]).toEqual([[], ['for another']]);
});
