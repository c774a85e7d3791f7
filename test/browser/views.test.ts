/**
 * Every view over a proxy that runs, with OpenAI's own client as its traffic.
 */
import type { Locator } from 'playwright-core';
import { describe, expect } from 'vitest';
import { chatEvents, sendPaced } from '../harness/answers.ts';
import { landed } from '../harness/proxy.ts';
import { type Desk, reads, test } from './desk.ts';

/** An everyday program: repeats, a stream, an embedding, and one that wants nothing kept. */
async function traffic({ ask, client, proxy }: Desk): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) {
    for (const question of ['Why is the sea salt?', 'Why are rivers not?', 'How deep is the sea?']) await ask(question);
  }
  for (const _ of [1, 2]) {
    const messages = [{ role: 'user' as const, content: 'Tell me of the tide.' }];
    for await (const _ of await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true })) continue;
  }
  await client.embeddings.create({ model: 'text-embedding-3-small', input: 'salt', encoding_format: 'float' });
  await client.responses.create({ model: 'gpt-4.1', input: 'What is salt?' });
  await ask('Nothing of this is kept.', {}, { 'cache-control': 'no-store' });
  await landed(proxy);
}

/** The pixels by which a list is scrolled. */
const scrolled = (list: Locator): Promise<number> => list.evaluate(({ scrollTop }) => scrollTop);

describe('the overview', () => {
  test('says what was asked, what it saved, and why requests missed', async ({ openDesk }) => {
    const desk = await openDesk();
    await traffic(desk);
    const main = await desk.show('overview');
    await reads(main.locator('.figures'), 'of 28 that could hit');
    await reads(main.locator('.figures'), /Hit rate\s+78\.6\s?%/);
    await reads(main.getByRole('region', { name: 'Reasons' }), /new[^\d]*\n?6/);
    await reads(main.getByRole('region', { name: 'Reasons' }), /no-store[^\d]*\n?1/);
    await reads(main, 'gpt-4o-mini');
    expect(await main.locator('.plot canvas').count()).toBe(3);
    await reads(desk.page.locator('.status'), 'ready');
    expect(desk.complaints).toEqual([]);
  });

  test('has a table of each chart, and lines that can be switched off', async ({ openDesk }) => {
    const desk = await openDesk();
    await traffic(desk);
    const main = await desk.show('overview');
    const hit = main.getByRole('button', { name: /^hit\b(?! rate)/ }).first();
    await hit.waitFor();
    expect(await hit.getAttribute('aria-pressed')).toBe('true');
    await hit.click();
    expect(await hit.getAttribute('aria-pressed')).toBe('false');
    const tables = main.getByRole('button', { name: 'Table' });
    expect(await tables.count()).toBe(3);
    for (const table of await tables.all()) await table.click();
    await expect
      .poll(() =>
        main
          .getByRole('region', { name: /, as a table$/ })
          .locator('tbody tr')
          .count(),
      )
      .toBe(3);
    expect(desk.complaints).toEqual([]);
  });
});

describe('live', () => {
  test('has a line within 500 ms of the end of its stream', async ({ openDesk }) => {
    const desk = await openDesk({ script: ({ response }) => sendPaced(response, chatEvents(), 20) });
    const main = await desk.show('live');
    await reads(main, 'following');
    await desk.page.evaluate(
      `window.shownAt = {};
      new MutationObserver(() => {
        for (const row of document.querySelectorAll('main [role=row]'))
          for (const [name] of row.textContent.matchAll(/model-\\d/g)) window.shownAt[name] ??= Date.now();
      }).observe(document.querySelector('main'), { childList: true, subtree: true, characterData: true })`,
    );
    const times: number[] = [];
    for (const at of [0, 1, 2, 3, 4]) {
      const model = `model-${at}`;
      await desk.ask(`Question ${at}`, { model, stream: true });
      const end = Date.now();
      const shownAt = () => desk.page.evaluate<number | undefined>(`window.shownAt['${model}']`);
      await expect.poll(shownAt).toBeDefined();
      times.push(((await shownAt()) ?? Infinity) - end);
    }
    console.log(`a line is there after ${times.join(', ')} ms`);
    expect(times.toSorted((one, other) => one - other)[2]).toBeLessThanOrEqual(500);
    expect(desk.complaints).toEqual([]);
  });

  test('counts what is new while it is scrolled, and leads to the entry', async ({ openDesk }) => {
    const desk = await openDesk();
    const main = await desk.show('live');
    await reads(main, 'following');
    for (let at = 0; at < 60; at += 1) await desk.ask(`Question ${at}`);
    const rows = main.getByRole('table', { name: 'Requests as they end' });
    await expect.poll(() => rows.getAttribute('aria-rowcount')).toBe('61');
    await rows.hover();
    await desk.page.mouse.wheel(0, 400);
    await expect.poll(() => scrolled(rows)).toBeGreaterThan(0);
    const fresh = main.getByRole('button', { name: /\bnew$/ });
    for (let at = 0; at < 3; at += 1) await desk.ask(`Later ${at}`);
    await reads(fresh, '3 new');
    await fresh.click();
    await expect.poll(() => rows.getAttribute('aria-rowcount')).toBe('64');
    expect(await scrolled(rows)).toBe(0);
    await rows.getByRole('link').first().click();
    await reads(main, 'Later 2');
    expect(desk.complaints).toEqual([]);
  });
});

describe('entries', () => {
  test('are found by text, read, and deleted', async ({ openDesk }) => {
    const desk = await openDesk();
    await traffic(desk);
    const main = await desk.show('entries');
    const rows = main.getByRole('table', { name: 'Entries' });
    await expect.poll(() => rows.getAttribute('aria-rowcount')).toBe('7');
    const search = main.getByRole('searchbox', { name: 'Text in what was asked' });
    await search.fill('rivers');
    await search.press('Enter');
    await expect.poll(() => rows.getAttribute('aria-rowcount')).toBe('2');
    await rows.getByRole('link').click();
    await reads(main, 'Why are rivers not?');
    await reads(main, 'Salt water.');
    await main.getByRole('button', { name: 'Delete', exact: true }).click();
    await main.getByRole('button', { name: 'Delete it for good' }).click();
    await expect.poll(() => rows.getAttribute('aria-rowcount')).toBe('6');
    expect(await desk.ask('Why are rivers not?')).toBe('MISS');
    expect(desk.complaints).toEqual([]);
  });

  test('play a stream at the pace that it came, and show its raw bytes and its headers', async ({ openDesk }) => {
    const desk = await openDesk({
      script: ({ response }) => sendPaced(response, chatEvents(['Ebb ', 'and flow.']), 30),
    });
    await desk.ask('Tell me of the tide.', { stream: true });
    await landed(desk.proxy);
    const main = await desk.show('entries');
    await main.getByRole('table', { name: 'Entries' }).getByRole('link').click();
    await reads(main, 'Ebb and flow.');
    const moment = main.getByRole('slider', { name: 'Moment' });
    const end = Number(await moment.getAttribute('max'));
    expect(end).toBeGreaterThanOrEqual(60);
    await moment.fill('0');
    await expect.poll(() => main.innerText()).not.toContain('flow');
    await main.getByRole('button', { name: 'Play' }).click();
    await reads(main, 'Ebb and flow.');
    await expect.poll(() => moment.inputValue().then(Number)).toBeCloseTo(end, 0);
    await main.getByRole('button', { name: 'Raw' }).click();
    await reads(main, 'chat.completion.chunk');
    await main.getByRole('button', { name: 'Headers' }).click();
    await reads(main, 'text/event-stream');
    expect(desk.complaints).toEqual([]);
  });
});

describe('a miss', () => {
  test('is compared with the entry nearest to it, and the hint is followed', async ({ openDesk }) => {
    const desk = await openDesk();
    const main = await desk.show('live');
    await reads(main, 'following');
    await desk.ask('Why is the sea salt?', { run_id: 'monday' });
    await desk.ask('Why is the sea salt?', { run_id: 'tuesday' });
    await landed(desk.proxy);
    const rows = main.getByRole('table', { name: 'Requests as they end' });
    await expect.poll(() => rows.getAttribute('aria-rowcount')).toBe('3');
    await rows.getByRole('link').first().click();
    await reads(main, 'It missed: new');
    await main.getByRole('link', { name: /^Compare with/ }).click();
    await reads(main, 'They do not share an answer');
    await reads(main, '/run_id');
    const hint = await main.locator('.hint code').innerText();
    const ignore = JSON.parse(hint.replace('key.ignore = ', '')) as string;
    expect(ignore).toContain('/run_id');

    const joined = await openDesk({ settings: { key: { ignore: ignore.split(',') } } });
    expect(await joined.ask('Why is the sea salt?', { run_id: 'monday' })).toBe('MISS');
    expect(await joined.ask('Why is the sea salt?', { run_id: 'tuesday' })).toBe('HIT');
    expect(desk.complaints).toEqual([]);
  });

  test('is compared by what was pasted', async ({ openDesk }) => {
    const desk = await openDesk();
    const main = await desk.show('compare');
    const body = (content: string) => JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] });
    await main.getByLabel('Request A').fill(body('Why?'));
    await main.getByLabel('Request B').fill(body('How?'));
    await main.getByRole('button', { name: 'Compare' }).click();
    await reads(main, '/messages/0/content');
    expect(desk.complaints).toEqual([]);
  });
});

describe('a purge', () => {
  test('is counted first, confirmed by a word, and done', async ({ openDesk }) => {
    const desk = await openDesk();
    await traffic(desk);
    const main = await desk.show('purge');
    await main.getByLabel('Model').fill('gpt-4o-mini');
    await main.getByRole('button', { name: 'Count what would go' }).click();
    await reads(main, '3 entries would go');
    const purge = main.getByRole('button', { name: 'Purge 3 entries' });
    expect(await purge.isDisabled()).toBe(true);
    expect(await desk.ask('Why is the sea salt?')).toBe('HIT');
    await main.getByLabel('To do it, type').fill('purge');
    await purge.click();
    await reads(main, '3 entries are gone');
    expect(await desk.ask('Why is the sea salt?')).toBe('MISS');
    expect(desk.complaints).toEqual([]);
  });
});

describe('settings and doctor', () => {
  test('say what is in force, from where, and what was found; no secret', async ({ openDesk }) => {
    const desk = await openDesk({ settings: { admin: { token: 'correct-horse-battery-staple' } } });
    await desk.show('settings');
    await desk.page.getByLabel('Token').fill('correct-horse-battery-staple');
    await desk.page.getByRole('button', { name: 'Open' }).click();
    const main = desk.page.locator('main');
    await reads(main.getByRole('region', { name: 'Doctor' }), 'event loop');
    await main.getByLabel('Name of a setting').fill('admin.token');
    await reads(main.getByRole('region', { name: 'Settings' }), 'admin.token');
    expect(await main.innerText()).not.toContain('horse');
    expect(desk.complaints).toEqual([]);
  });
});
