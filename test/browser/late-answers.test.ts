/**
 * Answers that come when the person has gone on, and addresses that lead nowhere: what is shown is what is meant.
 */
import { describe, expect } from 'vitest';
import { landed } from '../harness/proxy.ts';
import { reads, test } from './desk.ts';

describe('a purge', () => {
  test('is of what was counted, and not of what was typed since', async ({ openDesk }) => {
    const desk = await openDesk();
    await desk.ask('Why is the sea salt?');
    await desk.ask('Why are rivers not?', { model: 'gpt-4o' });
    await landed(desk.proxy);
    const main = await desk.show('purge');
    const [counted, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await desk.page.route('**/purge', async (route) => {
      const response = await route.fetch();
      counted.resolve();
      await goOn.promise;
      await route.fulfill({ response });
    });
    await main.getByLabel('Model').fill('gpt-4o');
    await main.getByRole('button', { name: 'Count what would go' }).click();
    await counted.promise;
    // Cleared, the form is of every entry there is.
    await main.getByLabel('Model').fill('');
    const answered = desk.page.waitForResponse('**/purge');
    goOn.resolve();
    await answered;
    await desk.page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
    expect(await main.getByLabel('To do it, type').count()).toBe(0);
    await main.getByRole('button', { name: 'Count what would go' }).click();
    await reads(main, '2 entries would go');
    expect(desk.complaints).toEqual([]);
  });
});

describe('a comparison', () => {
  test('that cannot be made leaves no verdict of the one before', async ({ openDesk }) => {
    const desk = await openDesk();
    const main = await desk.show('compare');
    const asked = (content: string) => JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content }] });
    await main.getByLabel('Request A').fill(asked('one'));
    await main.getByLabel('Request B').fill(asked('two'));
    await main.getByRole('button', { name: 'Compare' }).click();
    await reads(main, 'They do not share an answer.');
    await main.getByLabel('Request B').fill('neither');
    await main.getByRole('button', { name: 'Compare' }).click();
    await reads(main, 'Request B is neither');
    expect(await main.innerText()).not.toContain('They do not share an answer.');
  });
});

describe('an address', () => {
  test('that names no time, no entry or no reason shows the page all the same', async ({ openDesk }) => {
    const desk = await openDesk();
    await desk.ask('Why is the sea salt?');
    await landed(desk.proxy);
    const listed = await fetch(`${desk.proxy.adminUrl}/entries`);
    const { entries } = (await listed.json()) as { entries: { key: string }[] };
    const odd = [
      'overview?from=x&to=y',
      'overview?from=1&to=1e300',
      'overview?from=1&to=99999999999999',
      'entries?from=x&to=y',
      'entries/.',
      'entries/..',
      `entries/${entries[0]?.key}?miss=__proto__`,
      `entries/${entries[0]?.key}?miss=constructor&tab=__proto__`,
    ];
    for (const place of odd) {
      await desk.show('settings');
      const main = await desk.show(place);
      await reads(main, /gpt-4o-mini/);
      await desk.page.getByRole('link', { name: 'Compare', exact: true }).click();
      await reads(main, 'Two requests');
      expect(desk.complaints, place).toEqual([]);
    }
  });
});

describe('a question that is refused', () => {
  test('shows no answer of the one before', async ({ openDesk }) => {
    const desk = await openDesk();
    await desk.ask('Why is the sea salt?');
    await landed(desk.proxy);
    const main = await desk.show('entries');
    await reads(main, 'gpt-4o-mini');
    await desk.page.getByLabel('Tag').fill('no tag at all');
    await desk.page.getByLabel('Tag').press('Enter');
    await reads(main, 'This cannot be shown.');
    await expect.poll(() => main.innerText()).not.toContain('gpt-4o-mini');
    await desk.show('overview');
    await reads(main, 'gpt-4o-mini');
    await desk.show('overview?scope=nobody');
    await reads(main, 'This cannot be shown.');
    expect(await main.innerText()).not.toContain('gpt-4o-mini');
    await desk.show('overview');
    await reads(main, 'gpt-4o-mini');
    expect(desk.complaints).toEqual([]);
  });
});

describe('a proxy that comes back', () => {
  test('is asked again for what it did not answer', async ({ openDesk }) => {
    const desk = await openDesk();
    const main = await desk.show('overview');
    await reads(main, 'Point a client at it');
    const isApi = (url: URL) => /^\/(state|stats|settings|doctor)$/.test(url.pathname);
    await desk.page.route(isApi, (route) => route.abort());
    await desk.page.getByRole('link', { name: 'Settings' }).click();
    await reads(main, 'The proxy does not answer.');
    await desk.page.unroute(isApi);
    await reads(main.getByRole('region', { name: 'Settings' }), 'admin.token');
    await reads(main.getByRole('region', { name: 'Doctor' }), 'event loop');
    expect(await main.innerText()).not.toContain('The proxy does not answer.');
  });
});

describe('an answer that cannot be drawn', () => {
  test('is said to be one, beside a page that goes on', async ({ openDesk }) => {
    const desk = await openDesk();
    await desk.page.route('**/stats*', (route) => route.fulfill({ json: {} }));
    const main = await desk.show('overview');
    await reads(main.getByRole('alert'), 'This cannot be shown.');
    await desk.page.unroute('**/stats*');
    await main.getByRole('button', { name: 'Try again' }).click();
    await reads(main, 'Point a client at it');
  });
});
