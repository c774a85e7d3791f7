import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createConfig } from '../src/config/config.ts';
import { variableNames } from '../src/config/settings.ts';

const FOLDER = new URL('../config/deploy/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8');
const COMPOSE = read('compose.fleet.yaml');
const NGINX = read('nginx.fleet.conf');
const DOCKERFILE = read('Dockerfile');

test.each(readdirSync(FOLDER, { withFileTypes: true }).flatMap((file) => (file.isFile() ? [file.name] : [])))(
  '%s of config/deploy sets what there is',
  (name) => {
    const set = read(name).match(/\bREFRAIN_[A-Z_]+\b/g) ?? [];
    expect(set.filter((variable) => !variableNames.includes(variable))).toEqual([]);
  },
);

test('what stops it waits longer than it does', () => {
  const { drain } = createConfig().timeouts;
  const waits = ['compose.yaml', 'compose.fleet.yaml', 'refrain.service', 'kubernetes.yaml'].map((name) =>
    Number(/(?:stop_grace_period: |TimeoutStopSec=|terminationGracePeriodSeconds: )(\d+)/.exec(read(name))?.[1]),
  );
  for (const wait of waits) expect(wait).toBeGreaterThan(drain);
});

test('what stands in front takes bodies as large as it does, and waits as long', () => {
  const { maxRequestBytes, timeouts } = createConfig();
  for (const [name, body, wait] of [
    ['nginx.conf', /client_max_body_size (\d+)m;/, /proxy_read_timeout (\d+)m;/],
    ['nginx.fleet.conf', /client_max_body_size (\d+)m;/, /proxy_read_timeout (\d+)m;/],
    ['Caddyfile', /max_size (\d+)MiB/, /response_header_timeout (\d+)m/],
  ] as const) {
    const [megabytes, minutes] = [body, wait].map((pattern) => Number(pattern.exec(read(name))?.[1]));
    expect([name, (megabytes as number) * 2 ** 20]).toEqual([name, maxRequestBytes]);
    expect((minutes as number) * 60).toBeGreaterThan(timeouts.firstByte);
  }
});

test('the image has of the settings what the package has', () => {
  const { files } = JSON.parse(readFileSync(new URL('../../package.json', FOLDER), 'utf8')) as { files: string[] };
  const copied = DOCKERFILE.match(/(?<=\/build\/)(?:config\/[\w.]+|dist)/g);
  expect(copied?.toSorted()).toEqual(files.toSorted());
});

test('Grafana finds the data source that its dashboard asks for by a variable', () => {
  const dashboard = readFileSync(new URL('../grafana.json', FOLDER), 'utf8');
  const { templating } = JSON.parse(dashboard) as { templating: { list: { name: string; type: string }[] } };
  const asked = new Set([...dashboard.matchAll(/"uid": "\$\{(\w+)\}"/g)].map(([, name]) => name));
  expect(templating.list.filter(({ type }) => type === 'datasource').map(({ name }) => name)).toEqual([...asked]);
});

test('its balancer asks each node that there is', () => {
  const nodes = [...COMPOSE.matchAll(/^ {2}(refrain-\d):\n {4}<</gm)].map(([, name]) => name);
  expect(nodes).toHaveLength(3);
  expect([...NGINX.matchAll(/server (refrain-\d):4747/g)].map(([, name]) => name)).toEqual(nodes);
});

test('its files are there, and its Node is one that runs Refrain', () => {
  for (const [, file] of COMPOSE.matchAll(/"\.\/([\w.]+):/g))
    expect(existsSync(new URL(file as string, FOLDER))).toBe(true);
  expect(COMPOSE).toContain('dockerfile: config/deploy/Dockerfile');
  const copied = [...DOCKERFILE.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) =>
    (names as string).split(' '),
  );
  for (const name of copied) expect(existsSync(new URL(`../../${name}`, FOLDER))).toBe(true);
  expect(new Set(DOCKERFILE.match(/(?<=FROM node:)\d+/g))).toEqual(new Set(['24']));
});
