/**
 * Answers as servers in use spell them, followed in other processes while they arrive.
 */
import { expect, onTestFinished } from 'vitest';
import { beginStream, CHAT, chatEvents, chatRequest } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { ask, begin } from '../harness/client.ts';
import { fleetTest } from '../harness/fleet.ts';
import { processTest } from '../harness/process-harness.ts';
import type { ScriptedUpstream } from '../harness/upstream.ts';
import { WIRE_FORMS } from '../harness/wire-forms.ts';

/** Those that need no setting. */
const FORMS = WIRE_FORMS.entries()
  .filter(([, { overrides }]) => !overrides)
  .toArray();

/** Asks all at once for each form, whose upstream answers once it was asked. */
async function followEach(upstream: ScriptedUpstream, urls: readonly string[]): Promise<void> {
  let followed = 0;
  for (const [row, { what, path, asked, script, text }] of FORMS) {
    const before = upstream.calls.length;
    const held = Promise.withResolvers<void>();
    upstream.script = async (call) => {
      await held.promise;
      return script(call);
    };
    const body = { ...asked, model: `m${row}` };
    const asking = urls.map((url) => ask(url + path, { body }));
    await upstream.called(before + 1);
    held.resolve();
    for (const answer of await Promise.all(asking)) {
      expect(answer, what).toMatchObject({ status: 200, text, broken: false });
      if (answer.headers['x-cache'] === 'FOLLOW') followed++;
    }
  }
  // How many is a matter of time: where one is late, or its hub is, it calls for itself.
  expect(followed).toBeGreaterThan(0);
}

const SAID = chatEvents().slice(0, 3).join('');
const OWN_ERROR = 'data: {"error":{"message":"overloaded","type":"server_error"}}\n\n';

/** The text that came before a reset, and what follows it for a client. */
const BROKEN = [
  { said: SAID, end: /^event: error\ndata: .*"code":"upstream_cut".*\n\n$/ },
  { said: SAID + OWN_ERROR, end: /^$/ },
];

/** Asks all at once for streams that break off, once each has what came before. */
async function followBroken(upstream: ScriptedUpstream, urls: readonly string[]): Promise<void> {
  for (const [row, { said, end }] of BROKEN.entries()) {
    const before = upstream.calls.length;
    upstream.script = (call) => {
      beginStream(call);
      call.response.write(said);
    };
    const body = chatRequest(`broken ${row}`, { stream: true });
    const live = await Promise.all(urls.map((url) => begin(url + CHAT, { body })));
    for (const client of live) await client.receives(Buffer.byteLength(said));
    for (const { response } of upstream.calls.slice(before)) response.socket?.resetAndDestroy();
    for (const { ended } of live) {
      const { text, broken } = await ended;
      expect([broken, text.slice(0, said.length)]).toEqual([true, said]);
      expect(text.slice(said.length)).toMatch(end);
    }
  }
}

fleetTest('each form reaches followers at every node as it was sent', async ({ fleet, upstream }) => {
  const urls = (await fleet()).map(({ url }) => url);
  await followEach(upstream, urls);
  await followBroken(upstream, urls);
});

processTest('each form reaches followers in every worker as it was sent', async ({ folder, upstream }) => {
  const flags = ['--port', '0', '--admin-port', '0', '--workers', '2', '--upstream', `${upstream.url}/v1`];
  const child = new Child(flags, folder, {});
  onTestFinished(() => child.end());
  const { api } = await child.ready();
  await followEach(upstream, [api, api, api, api]);
  await followBroken(upstream, [api, api, api, api]);
});
