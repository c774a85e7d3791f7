/**
 * The screens of a person: a proxy on a terminal, and one that is watched.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { ask } from '../harness/client.ts';
import { processTest } from '../harness/process-harness.ts';
import { CTRL_C, Terminal } from './terminal.ts';

interface Cast {
  readonly terminal: (args: readonly string[], environment?: Record<string, string>) => Terminal;
  readonly proxy: () => Promise<{ readonly child: Child; readonly api: string; readonly admin: string }>;
}

const test = processTest.extend<Cast>({
  terminal: async ({ folder }, use) => {
    const terminals: Terminal[] = [];
    await use((args, environment) => {
      const terminal = new Terminal(args, folder, environment);
      terminals.push(terminal);
      return terminal;
    });
    for (const terminal of terminals) await terminal.end();
  },
  proxy: async ({ folder, upstream }, use) => {
    const children: Child[] = [];
    await use(async () => {
      const flags = ['--port', '0', '--admin-port', '0', '--upstream', `${upstream.url}/v1`];
      const child = new Child(flags, folder, {});
      children.push(child);
      return { child, ...(await child.ready()) };
    });
    for (const child of children) await child.end();
  },
});

const FREE = ['--port', '0', '--admin-port', '0'];
const QUESTION = { body: chatRequest('What is the \u001b[2Jsea?', { model: 'gpt-4o-mini' }) };

function apiOf({ text }: Terminal): string {
  return /ready api=(\S+)/.exec(text)?.[1] ?? '';
}

describe('a proxy on a terminal', () => {
  test('says where things are, shows each request in colours, and sums up at Ctrl+C', async ({
    terminal,
    upstream,
  }) => {
    const shown = terminal([...FREE, '--upstream', `${upstream.url}/v1`]);
    await shown.shows('Ctrl+C stops it');
    const api = apiOf(shown);
    expect(shown.text).toContain(`OPENAI_BASE_URL=${api}/v1`);
    expect(shown.text).toContain('cache.sqlite');
    for (const outcome of ['MISS', 'HIT'])
      expect((await ask(`${api}${CHAT}?token=secret`, QUESTION)).headers['x-cache']).toBe(outcome);
    await shown.shows('\u001b[32mHIT   \u001b[39m  gpt-4o-mini');
    expect(shown.text).toContain('\u001b[33mMISS  \u001b[39m  gpt-4o-mini');
    expect(shown.text).toContain('"What is the [2Jsea?"');
    expect(shown.text).not.toMatch(/secret|"level"|\u001b\[2J/);
    shown.type(CTRL_C);
    expect(await shown.exited).toBe(0);
    expect(shown.text).toMatch(/refrain has stopped\S*: 2 requests, 1 hit \(50\.0%\), saved/);
  });

  test('has no colours with NO_COLOR, and JSON with --log-format json', async ({ terminal, upstream }) => {
    const named = ['--upstream', `${upstream.url}/v1`];
    const plain = terminal([...FREE, ...named], { NO_COLOR: '1' });
    await plain.shows('Ctrl+C stops it');
    await ask(apiOf(plain) + CHAT, QUESTION);
    await plain.shows('MISS    gpt-4o-mini');
    expect(plain.text).not.toContain('\u001b[');
    plain.type(CTRL_C);
    await plain.exited;
    const json = terminal([...FREE, ...named, '--log-format', 'json']);
    await json.shows('the page for people');
    await ask(apiOf(json) + CHAT, QUESTION);
    await json.shows('"msg":"request"');
    expect(json.text).not.toContain('sea');
  });

  test('answers while the terminal is held up', async ({ terminal, upstream }) => {
    const shown = terminal([...FREE, '--upstream', `${upstream.url}/v1`]);
    await shown.shows('Ctrl+C stops it');
    // Ctrl+S
    shown.type('\u0013');
    for (let at = 0; at < 50; at++) expect((await ask(apiOf(shown) + CHAT, QUESTION)).status).toBe(200);
    shown.type('\u0011');
    await shown.until(() => shown.text.split('HIT').length > 49);
  });
});

describe('refrain watch', () => {
  test('redraws on a terminal, fits its size, and gives the screen back at Ctrl+C', async ({ terminal, proxy }) => {
    const { api, admin } = await proxy();
    const watch = terminal(['watch', '--url', admin]);
    await watch.until(() => watch.screen.includes('last 60 s'));
    // Events are there from a moment on that nobody names.
    while (!/slowest of 60 s[\s\S]*(miss|hit) +\S+ \w+ +gpt-4o-mini/.test(watch.screen)) {
      await ask(api + CHAT, QUESTION);
      await watch.changed();
    }
    watch.resize(5, 30);
    await watch.until(() => watch.screen.split('\n').length === 5);
    expect(Math.max(...watch.screen.split('\n').map((line) => line.length))).toBeLessThanOrEqual(30);
    watch.type(CTRL_C);
    expect(await watch.exited).toBe(0);
    expect(watch.text.startsWith('\u001b[?1049h')).toBe(true);
    expect(watch.text.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
  });

  test('says that the proxy has gone, and goes on when it is back', async ({ terminal, proxy, folder, upstream }) => {
    const { child, admin, api } = await proxy();
    const watch = terminal(['watch', '--url', admin]);
    await watch.until(() => watch.screen.includes('ready'));
    await child.end();
    await watch.until(() => watch.screen.includes('does not answer'));
    const ports = ['--port', new URL(api).port, '--admin-port', new URL(admin).port];
    const back = new Child([...ports, '--upstream', `${upstream.url}/v1`], folder, {});
    await back.ready();
    await watch.until(() => watch.screen.includes('ready'));
    await back.end();
  });

  test('prints plain lines where it is piped, and ends with its reader', async ({ proxy, folder }) => {
    const { admin, api } = await proxy();
    const watch = new Child(['watch', '--url', admin], folder, {});
    while (watch.stdout.length === 0) {
      await ask(api + CHAT, QUESTION);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(watch.stdout[0]).toMatch(
      /^\S+ \S+ UTC {2}[\d.,]+ requests\/s {2}hit rate \S+ {2}saved \S+ {2}spent \S+ {2}slowest .* gpt-4o-mini$/,
    );
    watch.signal('SIGINT');
    expect(await watch.exited).toEqual({ code: 0, signal: null });
  });
});
