/**
 * The states of the page: empty, loading, refused, gone, unauthorised; very full is in `full.test.ts`.
 */
import { describe, expect } from 'vitest';
import { Barrier } from '../harness/barrier.ts';
import { type Desk, reads, test, VIEWS } from './desk.ts';

describe('an empty cache', () => {
  test('says how to point a client at it, and sees the first request by itself', async ({ openDesk }) => {
    const desk = await openDesk();
    const main = await desk.show('overview');
    await reads(main, 'Waiting for the first request');
    for (const client of ['Python', 'curl', 'Node']) {
      await main.getByRole('button', { name: client }).click();
      await reads(main.locator('pre'), `${desk.proxy.url}/v1`);
    }
    await desk.ask('Why is the sea salt?');
    await reads(main, /First request seen|Tokens saved/);
    await reads(main, 'Tokens saved');
    expect(desk.complaints).toEqual([]);
  });

  test('is said to be empty in every list', async ({ openDesk }) => {
    const desk = await openDesk();
    await reads(await desk.show('entries'), 'Nothing is kept that fits.');
    await reads(await desk.show('live'), 'Nothing yet.');
    const main = await desk.show('purge');
    await main.getByRole('button', { name: 'Count what would go' }).click();
    await reads(main, 'Nothing fits.');
  });
});

/** Holds back what the page asks for below a path, until it is let go. */
async function hold({ page }: Desk, path: RegExp): Promise<() => void> {
  const barrier = new Barrier();
  let isHeld = true;
  await page.route(path, async (route) => {
    await barrier.until(() => !isHeld);
    await route.continue();
  });
  return () => {
    isHeld = false;
    barrier.changed();
  };
}

describe('what takes its time', () => {
  test('has a skeleton in its place, and nothing moves when it comes', async ({ openDesk }) => {
    const desk = await openDesk();
    for (const _ of Array.from({ length: 25 })) await desk.ask('Why is the sea salt?');
    const letGo = await hold(desk, /\/stats\?series/);
    const main = await desk.show('overview');
    const skeleton = main.getByRole('status', { name: 'Loading' });
    await skeleton.waitFor();
    const places = () => main.locator('.figures').evaluate((figures) => figures.getBoundingClientRect().height);
    const before = await places();
    letGo();
    await reads(main, 'Tokens saved');
    expect(await skeleton.count()).toBe(0);
    expect(Math.abs((await places()) - before)).toBeLessThanOrEqual(1);
  });

  test('is said in the list of entries', async ({ openDesk }) => {
    const desk = await openDesk();
    const letGo = await hold(desk, /\/entries\?/);
    const main = await desk.show('entries');
    await reads(main, 'Looking…');
    letGo();
    await reads(main, 'Nothing is kept that fits.');
  });
});

describe('what is refused', () => {
  test('says why, and can be tried again', async ({ openDesk }) => {
    const desk = await openDesk();
    await desk.ask('Why is the sea salt?');
    const body = { error: { type: 'refrain_error', code: 'internal', message: 'the file of the store is busy' } };
    let isBroken = true;
    await desk.page.route(/\/entries\?/, (route) =>
      isBroken ? route.fulfill({ status: 500, json: body }) : route.continue(),
    );
    const main = await desk.show('entries');
    await reads(main.getByRole('alert'), 'the file of the store is busy');
    isBroken = false;
    await main.getByRole('button', { name: 'Try again' }).click();
    await reads(main, '1 entry');
  });

  test('an entry that is not kept is said to be none', async ({ openDesk }) => {
    const desk = await openDesk();
    const main = await desk.show(`entries/${'0'.repeat(64)}`);
    await main.getByRole('alert').waitFor();
  });

  test('a text that is no request is not compared', async ({ openDesk }) => {
    const desk = await openDesk();
    const main = await desk.show('compare');
    await main.getByLabel('Request A').fill('{"model":');
    await main.getByLabel('Request B').fill('zz');
    await main.getByRole('button', { name: 'Compare' }).click();
    await main.getByRole('alert').waitFor();
  });
});

describe('a proxy that has stopped', () => {
  test('leaves what was read before, greyed, with its age', async ({ openDesk }) => {
    const desk = await openDesk();
    for (const _ of Array.from({ length: 25 })) await desk.ask('Why is the sea salt?');
    const main = await desk.show('overview');
    await reads(main, 'of 25 that could hit');
    await desk.proxy.stop();
    await reads(desk.page.locator('.status'), 'The proxy does not answer');
    await reads(desk.page.locator('.status'), 'since');
    await reads(main, 'of 25 that could hit');
    expect(await main.getAttribute('class')).toContain('stale');
  });

  test('is said in every view', async ({ openDesk }) => {
    const desk = await openDesk();
    await reads(await desk.show('live'), 'following');
    await desk.proxy.stop();
    for (const view of VIEWS) {
      await desk.page.evaluate(`location.hash = '#/${view}'`);
      await reads(desk.page.locator('body'), 'The proxy does not answer');
    }
  });
});

describe('an operator without a token', () => {
  test('is asked for it in every view, and sees nothing of the cache', async ({ openDesk }) => {
    const desk = await openDesk({ settings: { admin: { token: 'correct-horse' } } });
    await desk.ask('Why is the sea salt?', { model: 'secret-model' });
    for (const view of VIEWS) {
      const main = await desk.show(view);
      await main.getByLabel('Token').waitFor();
      expect(await desk.page.content()).not.toContain('secret-model');
    }
  });
});
