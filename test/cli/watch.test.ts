import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { ProxyState } from '../../src/admin/state.ts';
import { Screen, type Terminal } from '../../src/cli/screen.ts';
import type { ProxyStats } from '../../src/cli/proxy-data.ts';
import { watchProxy } from '../../src/cli/watch.ts';
import { plainLine, screenLines, type Watched } from '../../src/cli/watch-view.ts';
import { type WatchedRequest, WatchWindow } from '../../src/cli/watch-window.ts';
import { createConfig } from '../../src/config/config.ts';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';
import { callOf, recordOf } from '../ledger/usage-records.ts';
import { recordOutput } from './recorder.ts';

const NOW = 1_700_000_000_500;

function requestOf(more: Partial<WatchedRequest>): WatchedRequest {
  return { ...recordOf({ call: callOf({ input: 1 }, 2_000) }), dollars: 0.5, ...more };
}

/** A terminal that remembers what was written to it. */
class Recorded extends EventEmitter {
  written = '';
  columns = 80;
  rows = 24;
  write(text: string): boolean {
    this.written += text;
    return true;
  }
  /** The last that was drawn, without its sequences. */
  get shown(): string {
    return (
      this.written
        .split('\u001b[H')
        .at(-1)
        ?.replaceAll(/\u001b\[[?\d]*\w/g, '') ?? ''
    );
  }
}

const terminalOf = (recorded: Recorded) => recorded as unknown as NodeJS.WriteStream;

describe('the last minute', () => {
  test('sums the seconds that are asked for, and forgets', () => {
    const window = new WatchWindow();
    window.add(requestOf({ outcome: 'miss', ms: 10 }), NOW - 70_000);
    window.add(requestOf({ outcome: 'miss', ms: 900 }), NOW - 30_000);
    window.add(requestOf({ outcome: 'hit', ms: 1 }), NOW - 2_000);
    window.add(requestOf({ outcome: 'follow', ms: 2, dollars: null }), NOW);
    window.add(requestOf({ outcome: 'bypass', ms: 3 }), NOW);
    expect(window.sums(10, NOW)).toEqual({
      requests: 3,
      perSecond: 0.3,
      hitRate: 1,
      dollars: { spent: 0.5, saved: 0.5 },
      waitedSaved: 4,
    });
    expect(window.sums(60, NOW)).toMatchObject({ requests: 4, hitRate: 2 / 3, dollars: { spent: 1, saved: 0.5 } });
    expect(window.slowest(60, NOW).map(({ ms }) => ms)).toEqual([900, 3, 2, 1]);
    expect(window.sums(60, NOW + 120_000)).toMatchObject({ requests: 0, hitRate: null });
  });

  test('keeps the ten slowest', () => {
    const window = new WatchWindow();
    for (let ms = 0; ms < 30; ms++) window.add(requestOf({ ms }), NOW);
    expect(window.slowest(60, NOW).map(({ ms }) => ms)).toEqual([29, 28, 27, 26, 25, 24, 23, 22, 21, 20]);
  });
});

describe('what is shown', () => {
  const sums = { requests: 1_234, hitRate: 0.5, dollars: { spent: 2, saved: 3 }, waitedSaved: 61 };
  const watched: Watched = {
    url: 'http://127.0.0.1:4748',
    state: {
      version: '0.1.0',
      readiness: 'ready',
      startedAt: new Date(NOW - 3_600_000).toISOString(),
      flights: 3,
    } as ProxyState,
    stats: { periods: { today: sums } } as unknown as ProxyStats,
    isThere: true,
  };
  const window = new WatchWindow();
  window.add(requestOf({ model: 'evil\u001b[2J', ms: 4_200, status: 429, why: 'status' }), NOW);

  test('is a screen of sums and of the slowest requests, none wider than the terminal', () => {
    const lines = screenLines(watched, window, NOW, 200, (_, text) => text);
    expect(lines[0]).toBe('refrain 0.1.0 at http://127.0.0.1:4748  ready, up 1h, 3 upstream calls on their way');
    expect(lines).toContainEqual(expect.stringMatching(/^requests\/s +0\.1 +0\.0 +-$/));
    expect(lines).toContainEqual(expect.stringMatching(/^requests +1 +1 +1,234$/));
    expect(lines).toContainEqual(expect.stringMatching(/^waiting saved +0 ms +0 ms +1m 1s$/));
    expect(lines).toContainEqual(expect.stringMatching(/^miss +4\.2 s {2}evil\\x1b\[2J {2}429 status$/));
    const narrow = screenLines(watched, window, NOW, 30, (_, text) => text);
    expect(Math.max(...narrow.map((line) => line.length))).toBeLessThanOrEqual(30);
  });

  test('is one line where there is no screen, and says where no proxy answers', () => {
    expect(plainLine(watched, window, 5, NOW)).toBe(
      '2023-11-14 22:13:20 UTC  0.2 requests/s  hit rate 0.0%  saved $0.00  spent $0.50  slowest 4.2 s evil\\x1b[2J',
    );
    const away = { ...watched, isThere: false };
    expect(plainLine(away, window, 5, NOW)).toBe('2023-11-14 22:13:20 UTC  http://127.0.0.1:4748 does not answer');
    expect(screenLines(away, window, NOW, 200, (_, text) => text)[0]).toContain('does not answer');
  });

  test('takes the alternate screen, draws no more rows than it has, and gives it back', () => {
    const recorded = new Recorded();
    recorded.rows = 2;
    let resized = 0;
    const screen = new Screen(terminalOf(recorded) as Terminal, () => resized++);
    screen.draw(['a', 'b', 'c']);
    recorded.emit('resize');
    screen.close();
    recorded.emit('resize');
    expect(resized).toBe(1);
    expect(recorded.written).toBe(
      '\u001b[?1049h\u001b[?25l\u001b[Ha\u001b[K\r\nb\u001b[K\u001b[J\u001b[?25h\u001b[?1049l',
    );
  });
});

story('refrain watch shows requests as they end, and redraws when the terminal changes', async ({ open }) => {
  const proxy = await open();
  const recorded = new Recorded();
  const end = new AbortController();
  const output = { ...recordOutput(), screen: terminalOf(recorded) };
  const target = { config: createConfig(), url: proxy.adminUrl };
  const watching = watchProxy({ target }, output, end.signal);
  await until(() => recorded.shown.includes('requests/s'));
  // Its events may have been asked for only now.
  const isShown = () => /\n(miss|hit) +\S+ m?s +gpt-test/.test(recorded.shown.replaceAll('\r', ''));
  while (!isShown()) {
    await ask(proxy.url + CHAT, { body: chatRequest('x0') });
    recorded.emit('resize');
  }
  end.abort();
  expect(await watching).toBe(0);
  expect(recorded.written.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
});
