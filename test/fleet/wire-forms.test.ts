/**
 * Answers as servers in use spell them, followed at another node while they arrive.
 */
import { expect } from 'vitest';
import { ask } from '../harness/client.ts';
import { fleetTest } from '../harness/fleet.ts';
import { WIRE_FORMS } from '../harness/wire-forms.ts';

fleetTest('each form reaches the followers at every node as it was sent', async ({ fleet, upstream }) => {
  const nodes = await fleet();
  const shared = WIRE_FORMS.entries().filter(([, { overrides }]) => !overrides);
  for (const [row, { what, path, asked, script, text, kept }] of shared) {
    const before = upstream.calls.length;
    const held = Promise.withResolvers<void>();
    upstream.script = async (call) => {
      await held.promise;
      return script(call);
    };
    const body = { ...asked, model: `m${row}` };
    const asking = nodes.map(({ url }) => ask(url + path, { body }));
    await upstream.called(before + 1);
    held.resolve();
    for (const answer of await Promise.all(asking))
      expect(answer, what).toMatchObject({ status: 200, text, broken: false });
    const calls = upstream.calls.length - before;
    if (kept) expect(calls, what).toBe(1);
    else expect(calls, what).toBeLessThanOrEqual(nodes.length);
  }
});
