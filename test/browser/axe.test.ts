/**
 * Every view to those who see it otherwise: by axe, light and dark, on screens of any width, and by the keyboard alone.
 */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { chatEvents, sendJson, sendPaced } from '../harness/answers.ts';
import { landed } from '../harness/proxy.ts';
import { type Desk, type DeskOptions, test, VIEWS } from './desk.ts';
import { toolAnswer } from './tool-answer.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const script: DeskOptions['script'] = (call) =>
  JSON.parse(call.body.toString()).stream
    ? sendPaced(call.response, chatEvents(), 5)
    : sendJson(call, toolAnswer('search', '{"query":"salt"}'));

/** A cache with something of everything in it. @returns the places of the page to look at, by name */
async function fill({ ask, proxy }: Desk): Promise<Readonly<Record<string, string>>> {
  const long = 'x'.repeat(400);
  for (let turn = 0; turn < 22; turn += 1) await ask('Why is the sea salt?', {}, { 'x-refrain-tags': 'sea,salt' });
  await ask(`A word without an end: ${long}`, { model: `a-model-with-a-name-${'that-goes-on-and-on-'.repeat(6)}` });
  await ask('Tell me of the tide.', { stream: true });
  await ask('Tell me of the tide.', { stream: true, run_id: long });
  await ask('Nothing of this is kept.', {}, { 'cache-control': 'no-store' });
  await landed(proxy);
  const listed = await fetch(`${proxy.adminUrl}/entries`);
  const { entries } = (await listed.json()) as { entries: { key: string }[] };
  const [newest, older] = entries.map(({ key }) => key);
  return {
    ...Object.fromEntries(VIEWS.map((view) => [view, view])),
    'a stream': `entries/${newest}`,
    'a call of a tool': `entries/${entries.at(-1)?.key}`,
    'raw': `entries/${newest}?tab=raw`,
    'headers': `entries/${newest}?tab=headers`,
    'nearest': `entries/${newest}?tab=nearest`,
    'a comparison': `compare?a=${newest}&b=${older}`,
    'no entry': `entries/${'0'.repeat(64)}`,
  };
}

/** Lets a view come to rest: what it asked for is there, or refused. */
async function rest({ page, rested }: Desk): Promise<void> {
  await page.locator('main :is(h1, h2, [role=table], [role=alert], form)').first().waitFor();
  await rested();
}

async function findings(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)}\n${failureSummary}`),
    );
}

describe('axe', () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`finds nothing serious in any view, ${colorScheme}`, async ({ openDesk }) => {
      // The policy of the page would keep axe out, as it keeps out everything else.
      const desk = await openDesk({ script, window: { colorScheme, bypassCSP: true } });
      const found: Record<string, string[]> = {};
      const look = async (name: string) => {
        const all = await findings(desk.page);
        if (all.length > 0) found[name] = all;
      };
      await desk.show('overview');
      await rest(desk);
      await look('the first request');
      for (const [name, place] of Object.entries(await fill(desk))) {
        await desk.show(place);
        await rest(desk);
        await look(name);
      }
      const main = await desk.show('overview');
      for (const button of await main.getByRole('button', { name: 'Table' }).all()) await button.click();
      await look('the tables');
      await desk.proxy.stop();
      await desk.page.getByText('The proxy does not answer').first().waitFor();
      await look('a proxy that is gone');
      expect(found).toEqual({});
    });
  }

  test('finds nothing serious in the form for the token', async ({ openDesk }) => {
    const desk = await openDesk({ settings: { admin: { token: 'correct-horse' } }, window: { bypassCSP: true } });
    const main = await desk.show('overview');
    await main.getByLabel('Token').fill('wrong');
    await main.getByRole('button', { name: 'Open' }).click();
    await main.getByText('That is not the token.').waitFor();
    expect(await findings(desk.page)).toEqual([]);
  });
});

describe('the page', () => {
  test('has no sideways scrolling from 320 to 2,560 px', async ({ openDesk }) => {
    const desk = await openDesk({ script });
    const places = await fill(desk);
    const wide: string[] = [];
    for (const [name, place] of Object.entries(places)) {
      await desk.show(place);
      await rest(desk);
      for (const width of [320, 375, 600, 768, 1_023, 1_024, 1_280, 1_920, 2_560]) {
        await desk.page.setViewportSize({ width, height: 800 });
        const over = await desk.page.evaluate<number>(
          `new Promise((resolve) => requestAnimationFrame(() => {
            const boxes = [document.scrollingElement, document.querySelector('main')];
            resolve(Math.max(...boxes.map((box) => box.scrollWidth - box.clientWidth)));
          }))`,
        );
        if (over > 0) wide.push(`${name} at ${width}: ${over} px`);
      }
    }
    expect(wide).toEqual([]);
  });

  test('is used by the keyboard alone', async ({ openDesk }) => {
    const desk = await openDesk({ script });
    await fill(desk);
    await desk.show('overview');
    const focused = () =>
      desk.page.evaluate<string>(`(({ textContent, ariaLabel }) => ariaLabel ?? textContent)(document.activeElement)`);
    await desk.page.keyboard.press('Tab');
    expect(await focused()).toBe('To the content');
    for (const view of ['Overview', 'Live', 'Entries']) {
      await desk.page.keyboard.press('Tab');
      expect(await focused()).toBe(view);
    }
    await desk.page.keyboard.press('Enter');
    const rows = desk.page.getByRole('table', { name: 'Entries' });
    await rows.getByRole('link').first().focus();
    await desk.page.keyboard.press('Enter');
    await desk.page.getByRole('button', { name: 'Delete', exact: true }).waitFor();
  });

  test('shows its first screen at 1,280 × 800: status, figures, outcomes, reasons', async ({ openDesk }) => {
    const desk = await openDesk({ script });
    await fill(desk);
    const main = await desk.show('overview');
    for (const part of [desk.page.locator('.status'), main.locator('.figures'), main.locator('.plot').first()]) {
      const box = await part.boundingBox();
      expect(box && box.y + box.height).toBeLessThanOrEqual(800);
    }
    const reasons = await main.getByRole('region', { name: 'Reasons' }).boundingBox();
    expect(reasons?.y).toBeLessThanOrEqual(700);
  });
});
