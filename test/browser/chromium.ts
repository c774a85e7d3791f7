/**
 * The browser that the page is tried in.
 */
import { type Browser, chromium } from 'playwright-core';

export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** @param args for the browser, besides those that it needs */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  // As root, which tests often are, there is no sandbox; the pages are our own.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', ...args] });
}
