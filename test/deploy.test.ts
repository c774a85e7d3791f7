import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { variableNames } from '../src/config/settings.ts';

const FOLDER = new URL('../config/deploy/', import.meta.url);
const COMPOSE = readFileSync(new URL('compose.fleet.yaml', FOLDER), 'utf8');
const NGINX = readFileSync(new URL('nginx.fleet.conf', FOLDER), 'utf8');
const DOCKERFILE = readFileSync(new URL('Dockerfile', FOLDER), 'utf8');

test('the fleet of config/deploy sets what there is', () => {
  const set = COMPOSE.match(/\bREFRAIN_[A-Z_]+\b/g) ?? [];
  expect(set.length).toBeGreaterThan(3);
  expect(set.filter((name) => !variableNames.includes(name))).toEqual([]);
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
