/**
 * An operator's desk: a running proxy over a scripted upstream, OpenAI's client to send traffic, and the page in a
 * browser.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenAI } from 'openai';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page, Request } from 'playwright-core';
import { expect, test as base } from 'vitest';
import type { Overrides } from '../../src/config/config.ts';
import { answerAll } from '../harness/answers.ts';
import { Barrier } from '../harness/barrier.ts';
import { type Proxy, startProxy } from '../harness/proxy.ts';
import { connect, NEWEST } from '../harness/sdk.ts';
import { type Script, type ScriptedUpstream, startUpstream } from '../harness/upstream.ts';
import { launchChromium } from './chromium.ts';

export interface Desk {
  readonly upstream: ScriptedUpstream;
  readonly proxy: Proxy;
  readonly client: OpenAI;
  readonly page: Page;
  /** All that the browser said to be wrong: errors of scripts, and what the policy refused. */
  readonly complaints: string[];
  /** Shows a place of the page, by what stands behind `#`. */
  readonly show: (place: string) => Promise<Locator>;
  /** Resolves once the page has had all that it asked for, but for events, and has drawn it. */
  readonly rested: () => Promise<void>;
  /** Asks a chat question. @returns the value of `x-cache` */
  readonly ask: (question: string, others?: object, headers?: Record<string, string>) => Promise<string | null>;
}

export interface DeskOptions {
  readonly settings?: Overrides;
  readonly script?: Script;
  readonly window?: BrowserContextOptions;
}

interface Desks {
  readonly browser: Browser;
  readonly openDesk: (options?: DeskOptions) => Promise<Desk>;
}

export const VIEWS = ['overview', 'live', 'entries', 'compare', 'purge', 'settings'] as const;

export const test = base.extend<Desks>({
  browser: [
    async ({}, use) => {
      const browser = await launchChromium([]);
      await use(browser);
      await browser.close();
    },
    { scope: 'file' },
  ],
  openDesk: async ({ browser }, use) => {
    const ends: (() => unknown)[] = [];
    await use((options) => openDesk(browser, ends, options));
    for (const end of ends.toReversed()) await end();
  },
});

async function openDesk(
  browser: Browser,
  ends: (() => unknown)[],
  { settings = {}, script = answerAll, window = {} }: DeskOptions = {},
): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-browser-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const upstream = await startUpstream(script);
  ends.push(() => upstream.stop());
  const store = { path: join(folder, 'store.sqlite'), ...settings.store };
  const proxy = await startProxy(upstream.url, { ...settings, store });
  ends.push(() => proxy.stop().catch(() => {}));
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...window });
  ends.push(() => context.close());
  const complaints = await listen(context);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const rested = countRequests(page);
  const client = connect(NEWEST, `${proxy.url}/v1`, { maxRetries: 0 });
  return {
    upstream,
    proxy,
    client,
    page,
    complaints,
    rested,
    async show(place) {
      await page.goto(`${proxy.adminUrl}/#/${place}`);
      await page.locator('main').waitFor();
      return page.locator('main');
    },
    async ask(question, others = {}, headers = {}) {
      const messages = [{ role: 'user' as const, content: question }];
      const asked = client.chat.completions.create({ model: 'gpt-4o-mini', messages, ...others }, { headers });
      const response = await asked.asResponse();
      await response.text();
      return response.headers.get('x-cache');
    },
  };
}

function countRequests(page: Page): () => Promise<void> {
  const open = new Set<Request>();
  const barrier = new Barrier();
  page.on('request', (request) => {
    if (!request.url().endsWith('/events')) open.add(request);
  });
  const close = (request: Request) => {
    open.delete(request);
    barrier.changed();
  };
  page.on('requestfinished', close);
  page.on('requestfailed', close);
  const drawn = 'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(null))))';
  return async () => {
    await page.evaluate(drawn);
    await barrier.until(() => open.size === 0);
    await page.evaluate(drawn);
  };
}

async function listen(context: BrowserContext): Promise<string[]> {
  const complaints: string[] = [];
  await context.exposeFunction('complain', (text: string) => void complaints.push(text));
  await context.addInitScript(
    `addEventListener('securitypolicyviolation', (event) =>
      complain('refused: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample))`,
  );
  context.on('weberror', (error) => void complaints.push(String(error.error())));
  context.on('console', (message) => {
    if (/Content Security Policy|Trusted ?Type/i.test(message.text())) complaints.push(message.text());
  });
  context.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return complaints;
}

/** Waits until an element shows this text. */
export const reads = (element: Locator, text: string | RegExp): Promise<unknown> =>
  typeof text === 'string'
    ? expect.poll(() => element.innerText()).toContain(text)
    : expect.poll(() => element.innerText()).toMatch(text);
