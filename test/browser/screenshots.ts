/**
 * The pictures of the page in the documents, light and dark, over the seeded demo: `npm run screenshots`.
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { startSeededProxy } from '../demo/dashboard.ts';
import buildPage from './built-page.ts';
import { launchChromium } from './chromium.ts';

const FOLDER = fileURLToPath(new URL('../../docs/images/', import.meta.url));

/** The views, and what stands in each once it is drawn. */
const VIEWS = {
  overview: '.plot canvas',
  entries: '[role=row] a',
  entry: '.turns',
} as const;

mkdirSync(FOLDER, { recursive: true });
await buildPage();
const proxy = await startSeededProxy();
const browser = await launchChromium();
try {
  const listed = await fetch(`${proxy.page}entries?sort=most-used&limit=1`);
  const { entries } = (await listed.json()) as { entries: { key: string }[] };
  for (const colorScheme of ['light', 'dark'] as const) await takeAll(browser, colorScheme, entries[0]?.key ?? '');
} finally {
  await browser.close();
  await proxy.stop();
}

async function takeAll(browser: Browser, colorScheme: 'light' | 'dark', key: string): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 800 }, colorScheme, locale: 'en-GB' });
  const page = await context.newPage();
  const places = { overview: 'overview?range=day', entries: 'entries?range=day', entry: `entries/${key}` };
  for (const [name, drawn] of Object.entries(VIEWS)) {
    await page.goto(`${proxy.page}#/${places[name as keyof typeof VIEWS]}`);
    await page.locator(drawn).first().waitFor();
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: `${FOLDER}${name}-${colorScheme}.png` });
  }
  await context.close();
}
