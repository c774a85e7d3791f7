/**
 * 10,000 clients that ask for the same live stream at once: how many calls go
 * upstream, what the process takes, and how late its event loop is.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chatEvents, sendPaced } from '../../harness/answers.ts';
import { connected } from '../../harness/port.ts';
import { ServerProcess } from '../server-process.ts';
import type { Line } from '../table.ts';

const CLIENTS = 10_000;
const EVENTS = chatEvents(Array.from({ length: 97 }, (_, index) => ` word ${index}`));
const EVENT_MS = 20;
const BODY = '{"model":"gpt-test","stream":true,"messages":[{"role":"user","content":"All at once."}]}';
const REQUEST =
  `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
  `content-length: ${BODY.length}\r\n\r\n${BODY}`;
/** Of a stream that was followed, or, for whoever came too late for that, of the stored answer. */
const END = /\[DONE\]\n\n(\r\n0\r\n\r\n)?$/;
const TAIL = 20;
const MIB = 1024 * 1024;

export async function* measureCrowd(): AsyncIterable<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
  let calls = 0;
  const upstream = createServer((request, response) => {
    calls++;
    request.resume().on('end', () => void sendPaced(response, EVENTS, EVENT_MS));
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const ours = await ServerProcess.refrain(
    `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    ['--limits-flights', '20000'],
    folder,
  );
  const port = Number(new URL(ours.url).port);
  const sockets: Socket[] = [];
  try {
    for (let index = 0; index < CLIENTS; index++) sockets.push(await connected(port));
    await delayOf(ours);
    const began = performance.now();
    await Promise.all(sockets.map(played));
    const seconds = (performance.now() - began) / 1_000;
    const delay = await delayOf(ours);
    const what = `${CLIENTS.toLocaleString('en')} identical live streams`;
    const shared = { beside: '', budget: null };
    yield {
      ...shared,
      what: `${what}: calls`,
      measured:
        `${calls} for ${CLIENTS.toLocaleString('en')} answers, in ${seconds.toFixed(1)} s of a stream of ` +
        `${((EVENTS.length * EVENT_MS) / 1_000).toFixed(1)} s`,
      figure: calls,
      budget: 1,
      unit: 'calls',
    };
    yield {
      ...shared,
      what: `${what}: resident`,
      measured: `at most ${Math.round(ours.memory('VmHWM') / MIB)} MiB`,
      figure: ours.memory('VmHWM') / 1e6,
      budget: 400,
      unit: 'MB',
    };
    yield {
      ...shared,
      what: `${what}: event loop`,
      measured: `p99 ${delay.toFixed(0)} ms late`,
      figure: delay,
      budget: 100,
      unit: 'ms',
    };
  } finally {
    for (const socket of sockets) socket.destroy();
    await ours.stop();
    upstream.close();
    upstream.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws where the answer is not whole */
function played(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let last = '';
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      last = (last + chunk.subarray(-TAIL).toString('latin1')).slice(-TAIL);
      if (END.test(last)) resolve();
    });
    socket.on('close', () => reject(new Error(`a client had ${bytes} bytes and no end`)));
    socket.write(REQUEST);
  });
}

/** How late the event loop has been since this was last asked, p99 in ms. */
async function delayOf(ours: ServerProcess): Promise<number> {
  const admin = /admin=(\S+)/.exec(ours.line)?.[1];
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  return Number(/^refrain_event_loop_delay_seconds\{[^}]*quantile="0.99"[^}]*\} (\S+)$/m.exec(metrics)?.[1]) * 1_000;
}
