/**
 * Answers as servers in use spell them, followed in other processes while they arrive.
 */
import { expect, onTestFinished } from 'vitest';
import { Child } from '../harness/child.ts';
import { ask } from '../harness/client.ts';
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

fleetTest('each form reaches followers at every node as it was sent', async ({ fleet, upstream }) => {
  const nodes = await fleet();
  await followEach(
    upstream,
    nodes.map(({ url }) => url),
  );
});

processTest('each form reaches followers in every worker as it was sent', async ({ folder, upstream }) => {
  const flags = ['--port', '0', '--admin-port', '0', '--workers', '2', '--upstream', `${upstream.url}/v1`];
  const child = new Child(flags, folder, {});
  onTestFinished(() => child.end());
  const { api } = await child.ready();
  await followEach(upstream, [api, api, api, api]);
});
