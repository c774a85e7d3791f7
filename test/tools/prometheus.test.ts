/**
 * A Prometheus that reads Refrain by the name of a service, as config/deploy has it, and every query of the dashboard.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { freePort } from '../harness/port.ts';
import { story } from '../harness/story.ts';

const CONFIG = new URL('../../config/', import.meta.url);

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const { panels } = JSON.parse(readFileSync(new URL('grafana.json', CONFIG), 'utf8')) as { panels: readonly Panel[] };
const QUERIES = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

/** The metrics that a proxy without Redis and without trouble has no series of. */
const NOTHING_OF =
  /refrain_(batch|claims|leases_lost|remote|unshared|errors|stale_hits|bypasses|unstored|store_evictions)/;
/** As Grafana fills it in, over a minute. */
const filled = (expr: string) => expr.replaceAll(/\$__(range|rate_interval)/g, '1m');

interface Target {
  readonly health: string;
  readonly lastError: string;
  readonly scrapeUrl: string;
}

async function prometheus(folder: string, target: string, token: string, proxyUrl: string) {
  writeFileSync(join(folder, 'admin-token'), token);
  const text = readFileSync(new URL('deploy/prometheus.yaml', CONFIG), 'utf8')
    .replace('/run/secrets/admin-token', join(folder, 'admin-token'))
    .replace('scrape_interval: 15s', 'scrape_interval: 250ms\n  scrape_timeout: 200ms')
    // No server of names knows it here: the one that is asked instead hands it on as it is.
    .replace('    static_configs:', `    proxy_url: ${proxyUrl}\n    static_configs:`)
    .replace('refrain:4748', target);
  writeFileSync(join(folder, 'prometheus.yaml'), text);
  const port = await freePort();
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  await once(child, 'spawn');
  const read = async <Data>(path: string): Promise<Data> => {
    const answer = (await (await fetch(`http://127.0.0.1:${port}/api/v1${path}`)).json()) as {
      status: string;
      error?: string;
      data: Data;
    };
    expect(answer, path).toMatchObject({ status: 'success' });
    return answer.data;
  };
  return {
    targets: async () => (await read<{ activeTargets: Target[] }>('/targets')).activeTargets,
    query: async (expr: string) =>
      (await read<{ result: { value: [number, string] }[] }>(`/query?query=${encodeURIComponent(expr)}`)).result,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** A stand-in for the network of containers: a server that sends on to the admin API what is meant for the service. */
async function network(service: string, adminUrl: string) {
  const hosts: string[] = [];
  const server = createServer(async ({ url = '', headers }, response) => {
    hosts.push(headers.host ?? '');
    const { host, pathname } = new URL(url);
    const { authorization = '' } = headers;
    const sent = host === service ? { host, authorization } : {};
    const { status, text } = await ask(adminUrl + pathname, { method: 'GET', headers: sent });
    response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4' }).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, hosts, stop: () => server.close().closeAllConnections() };
}

story('reads it by the name of its service, and has something for every query', async ({ open, folder }) => {
  const proxy = await open({ admin: { token: 'correct-horse' }, store: { path: join(folder, 'cache.sqlite') } });
  const service = 'refrain:4748';
  const between = await network(service, proxy.adminUrl);
  const scraper = await prometheus(folder, service, 'correct-horse', between.url);
  try {
    await expect.poll(async () => (await scraper.targets()).map(({ health }) => health)).toEqual(['up']);
    expect(between.hosts).toContain(service);
    const asking = async () => {
      const question = `${Math.random()}`;
      const body = chatRequest(question, { model: 'gpt-4o-mini' });
      for (const _ of [1, 2, 3]) await ask(proxy.url + CHAT, { body });
      await ask(proxy.url + CHAT, { body: chatRequest(question, { model: 'gpt-4o-mini', stream: true }) });
      await ask(proxy.url + CHAT, { body: chatRequest(`${Math.random()}`, { model: 'unpriced' }) });
    };
    const unanswered = async () => {
      await asking();
      const answers = QUERIES.map(async ({ title, expr }) => {
        const numbers = (await scraper.query(filled(expr))).map(({ value: [, number] }) => number);
        return NOTHING_OF.test(expr) || numbers.some((number) => number !== 'NaN') ? [] : [`${title}: ${expr}`];
      });
      return (await Promise.all(answers)).flat();
    };
    await expect.poll(unanswered).toEqual([]);
  } finally {
    await scraper.stop();
    between.stop();
  }
});
