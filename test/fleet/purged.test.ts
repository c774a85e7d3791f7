import { describe, expect } from 'vitest';
import { ask } from '../harness/client.ts';
import { asks, fleetTest, isUp, type Node, numberIn } from '../harness/fleet.ts';
import { FAULTS } from './faults.ts';

const SEA = 'What is the sea?';

/** The number of the call whose answer a node gives. */
const numberAt = async (node: Node) => numberIn(await asks(node, SEA), SEA);

/** @returns the status */
const purgeAt = async ({ adminUrl }: Node) =>
  (await ask(`${adminUrl}/purge`, { method: 'POST', body: { all: true } })).status;

/** Asks each node until it has something newer, and holds that none goes back. */
async function untilNewer(nodes: readonly Node[], than: number): Promise<void> {
  for (const node of nodes) {
    let last = 0;
    while (last <= than) {
      const number = await numberAt(node);
      expect(number).toBeGreaterThanOrEqual(last);
      last = number;
    }
  }
}

describe('a purge while Redis is', () => {
  for (const [what, { begin }] of Object.entries(FAULTS)) {
    fleetTest(
      `${what} holds at its node at once, at all once it is kept, and for good`,
      async ({ fleet, join, redis }) => {
        const nodes = await fleet();
        const old = Math.max(...(await Promise.all(nodes.map(numberAt))));

        const end = await begin(redis, nodes);
        let status = await purgeAt(nodes[0]);
        expect([200, 503]).toContain(status);
        expect(await numberAt(nodes[0])).toBeGreaterThan(old);
        await Promise.all(nodes.map(numberAt));
        await end();
        // A purge that could not be shared is asked for again, as its answer says.
        while (status !== 200) status = await purgeAt(nodes[0]);

        await untilNewer(nodes, old);
        const late = await join();
        while (![...nodes, late].every(isUp)) await numberAt(late);
        for (let round = 0; round < 20; round++)
          for (const number of await Promise.all([...nodes, late].map(numberAt))) expect(number).toBeGreaterThan(old);
      },
    );
  }
});

describe('a purge', () => {
  fleetTest('that is answered with 200 holds at every node within a second', async ({ fleet }) => {
    const nodes = await fleet();
    for (let round = 0; round < 10; round++) {
      const old = Math.max(...(await Promise.all(nodes.map(numberAt))));
      expect(await purgeAt(nodes[round % 3] as Node)).toBe(200);
      const began = performance.now();
      await untilNewer(nodes, old);
      expect(performance.now() - began).toBeLessThan(10_000);
    }
  });

  fleetTest('holds at a node that was away from Redis, once it is back', async ({ fleet, upstream }) => {
    const nodes = await fleet();
    const [, , away] = nodes;
    await Promise.all(nodes.map(numberAt));
    // A node that followed has a copy of its own once it was asked again.
    const old = await numberAt(away);
    away.link.partition();
    while (isUp(away)) await asks(away, `Is anybody there? ${upstream.calls.length}`);
    expect(await numberAt(away)).toBe(old);
    expect(await purgeAt(nodes[0])).toBe(200);
    away.link.heal();
    await untilNewer(nodes, old);
    for (let round = 0; round < 20; round++)
      for (const number of await Promise.all(nodes.map(numberAt))) expect(number).toBeGreaterThan(old);
  });

  fleetTest('at a node that is away from Redis is answered with 503, and holds there', async ({ fleet, upstream }) => {
    const nodes = await fleet();
    const [, , away] = nodes;
    const old = Math.max(...(await Promise.all(nodes.map(numberAt))));
    away.link.partition();
    while (isUp(away)) await asks(away, `Is anybody there? ${upstream.calls.length}`);
    expect(await purgeAt(away)).toBe(503);
    for (let round = 0; round < 5; round++) expect(await numberAt(away)).toBeGreaterThan(old);
    away.link.heal();
    while (!isUp(away)) expect(await numberAt(away)).toBeGreaterThan(old);
    for (let round = 0; round < 20; round++) expect(await numberAt(away)).toBeGreaterThan(old);
  });
});
