import { writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { expect } from 'vitest';
import { beginStream, CHAT, chatEvents } from '../harness/answers.ts';
import { begin } from '../harness/client.ts';
import { asks, fleetTest, isUp, question, SECRET } from '../harness/fleet.ts';
import { until } from '../harness/until.ts';

const WORDS = /saltwater|whatisthesea|chatcmpl|authorization|sk-hidden/i;
const STREAM = question('whatisthesea', { stream: true });

fleetTest('with store.encrypt, no word of a question or an answer passes through Redis', async (cast) => {
  const { folder, join, redis, upstream } = cast;
  const secretFile = joinPath(folder, 'secret');
  writeFileSync(secretFile, SECRET, { mode: 0o600 });
  const sealed = { secret: null, secretFile, store: { encrypt: 'secret' as const } };
  const nodes = [await join(sealed), await join(sealed)] as const;
  await until(() => nodes.every(isUp));
  // Else what is dumped may be hidden by its compression alone.
  await redis.ask('CONFIG', 'SET', 'rdbcompression', 'no');
  const seen: string[] = [];
  const monitor = await redis.connect().monitor();
  monitor.on('monitor', (_, args: string[]) => void seen.push(args.join(' ')));

  upstream.script = beginStream;
  const live = [];
  for (const { url } of nodes) live.push(begin(url + CHAT, STREAM));
  const { response } = await upstream.called(1);
  let sent = 0;
  for (const event of chatEvents(['saltwater ', 'saltwater'])) {
    response.write(event);
    sent += Buffer.byteLength(event);
    for (const answer of live) await (await answer).receives(sent);
  }
  response.end();
  for (const answer of live) expect((await (await answer).ended).broken).toBe(false);
  await until(() => nodes.every(({ app }) => app.admission.flights === 0));
  expect((await asks(nodes[1], 'whatisthesea', { stream: true })).headers['x-cache']).toBe('HIT');
  expect(upstream.calls).toHaveLength(1);
  monitor.disconnect();
  expect(seen.length).toBeGreaterThan(5);
  expect(seen.filter((line) => WORDS.test(line))).toEqual([]);
  for (const key of (await redis.ask('KEYS', '*')) as string[]) {
    const dump = String(await redis.ask('DUMP', key));
    expect(WORDS.test(dump), key).toBe(false);
  }
});
