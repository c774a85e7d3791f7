/**
 * Clients that leave in the middle of what they send, whatever the upstream is
 * doing at the time. A proxy of its own process, since a defect here ends it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { CHAT, chatAnswer, chatRequest } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { ask } from '../harness/client.ts';
import { Thrown } from './line.ts';
import { bytes, plainAnswer, RawUpstream } from './wire.ts';

const folder = mkdtempSync(join(tmpdir(), 'refrain-'));
let upstream: RawUpstream;

beforeAll(async () => {
  upstream = await new RawUpstream(() => plainAnswer(chatAnswer())).start();
});

afterAll(async () => {
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The upstream's ways with a request whose body has begun. */
const UPSTREAMS = { 'is silent': null, 'has answered already': plainAnswer('early'), 'hangs up': '' } as const;

const FRAMINGS = ['content-length: 100', 'content-length: 9007199254740993', 'transfer-encoding: chunked'];
const PATHS = [
  ['/v1/files', ''],
  [CHAT, ''],
  [CHAT, 'cache-control: no-store\r\n'],
  ['/explain', ''],
] as const;

const LEAVINGS = PATHS.flatMap(([path, lines]) =>
  FRAMINGS.flatMap((framing) =>
    (['at once', 'when all is read', 'by half'] as const).map((leaves) => ({ path, lines, framing, leaves })),
  ),
);

/** Begins to send a body, and leaves. */
async function leave(api: string, admin: string, { path, lines, framing, leaves }: (typeof LEAVINGS)[number]) {
  const thrown = new Thrown(path === '/explain' ? admin : api, [
    bytes(`POST ${path} HTTP/1.1\r\nhost: x\r\n${lines}${framing}\r\n\r\n5\r\nab`),
  ]);
  await thrown.connected;
  // A round trip, after which what was sent before it has been read.
  if (leaves !== 'at once') await ask(`${api}/v1/models`, { headers: { 'cache-control': 'only-if-cached' } });
  if (leaves === 'by half') thrown.end();
  else thrown.hangUp();
  await thrown.heard;
}

describe('a client that leaves while it sends ends nothing but its own request, where the upstream', () => {
  for (const [what, early] of [...Object.entries(UPSTREAMS), ['cannot be reached', undefined]] as const) {
    test(what, async () => {
      upstream.onBegun = early === null || early === undefined ? () => {} : (socket) => socket.end(early);
      const url = early === undefined ? 'http://127.0.0.1:1' : upstream.url;
      // One that hangs up is a line in the log; a defect would be an error.
      const flags = ['--port', '0', '--admin-port', '0', '--store-path', 'off', '--log-level', 'error'];
      const child = new Child([...flags, '--upstream', `${url}/v1`], folder, {});
      onTestFinished(() => child.end());
      const { api, admin } = await child.ready();
      for (const leaving of LEAVINGS) await leave(api, admin, leaving);
      upstream.onBegun = () => {};
      expect((await ask(`${admin}/healthz`)).status, child.stderr).toBe(200);
      expect((await ask(api + CHAT, { body: chatRequest() })).status).toBe(early === undefined ? 502 : 200);
      expect(child.stderr).toBe('');
    });
  }
});
