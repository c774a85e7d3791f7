/**
 * The balancer of config/deploy before three nodes, as nginx runs it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { expect } from 'vitest';
import { beginStream, CHAT, chatEvents } from '../harness/answers.ts';
import { begin } from '../harness/client.ts';
import { asks, fleetTest, numberIn, question } from '../harness/fleet.ts';
import { accepts, freePort } from '../harness/port.ts';

const CONFIG = new URL('../../config/deploy/nginx.fleet.conf', import.meta.url);

fleetTest('streams pass event by event; a node that is gone is passed over', async ({ fleet, folder, upstream }) => {
  const nodes = await fleet();
  const port = await freePort();
  const config = nodes
    .reduce(
      (text, { url }, index) => text.replace(`refrain-${index + 1}:4747`, new URL(url).host),
      readFileSync(CONFIG, 'utf8'),
    )
    .replace('listen 4747', `listen 127.0.0.1:${port}`)
    .replace('/tmp/nginx.pid', joinPath(folder, 'nginx.pid'))
    // The pipe that Node gives a child for its output nginx cannot open by name.
    .replace('/dev/stderr', joinPath(folder, 'nginx.log'));
  writeFileSync(joinPath(folder, 'nginx.conf'), config);
  const nginx = spawn('nginx', ['-c', joinPath(folder, 'nginx.conf'), '-p', folder, '-g', 'daemon off;'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    while (!(await accepts(port))) expect(nginx.exitCode).toBe(null);
    const balancer = { url: `http://127.0.0.1:${port}` };
    const answer = upstream.script;
    upstream.script = beginStream;
    const live = await begin(balancer.url + CHAT, question('Event by event.', { stream: true }));
    const { response } = await upstream.called(1);
    let sent = 0;
    for (const event of chatEvents()) {
      response.write(event);
      sent += Buffer.byteLength(event);
      await live.receives(sent);
    }
    response.end();
    expect((await live.ended).broken).toBe(false);

    upstream.script = answer;
    for (let index = 0; index < 30; index++) numberIn(await asks(balancer, `All: ${index}`), `All: ${index}`);
    expect(nodes.every(({ app }) => app.ledger.counts().requests > 0)).toBe(true);
    await nodes[1].stop();
    for (let index = 0; index < 60; index++) numberIn(await asks(balancer, `Two: ${index}`), `Two: ${index}`);
  } finally {
    const exited = once(nginx, 'exit');
    if (nginx.exitCode === null && nginx.kill()) await exited;
  }
});
