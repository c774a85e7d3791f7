import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, matchesGlob } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formerPaths, paths, variableNames } from '../src/config/settings.ts';
import { ENDPOINTS } from '../src/endpoint.ts';
import { generatedDocuments, refreshDocument } from './documents.ts';
import { anchorsOf, codeOf, firstCells, linksOf, listDocuments, sectionOf } from './markdown.ts';

const ROOT = new URL('..', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const DOCUMENTS = listDocuments(ROOT);
const PACKAGE = JSON.parse(read('package.json'));

const SOURCES = readdirSync(new URL('src', ROOT), { recursive: true, encoding: 'utf8' }).filter((path) =>
  /\.[jt]sx?$/.test(path),
);
const ROOMS = [...new Set(SOURCES.filter((path) => path.includes('/')).map((path) => path.split('/')[0] as string))];

describe('the documents', () => {
  test('have their tables as the code has them; `node test/generate.ts` writes them', () => {
    for (const path of generatedDocuments) expect(read(path), path).toBe(refreshDocument(path, read(path)));
    expect(read('docs/settings.md')).toContain('| `REFRAIN_PORT` |');
  });

  test('have every endpoint', () => {
    for (const endpoint of ENDPOINTS) {
      expect(read('config/openapi.json')).toContain(`"${endpoint}"`);
      expect(read('docs/key.md')).toContain(`| ${endpoint} |`);
    }
  });

  test('list every error, with its status', () => {
    const failures = read('src/errors.ts') + read('src/admin/errors.ts');
    const raised = [...failures.matchAll(/new RefrainError\(\s*'(\w+)',\s*(\d+)/g)].map(
      ([, code, status]) => `${code} ${status}`,
    );
    const listed = [...read('docs/api.md').matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map(
      ([, code, status]) => `${code} ${status}`,
    );
    expect(raised.length).toBeGreaterThan(10);
    expect(listed.sort()).toEqual(raised.sort());
    const declared = [
      ...(/export type ErrorCode =([^;]*);/.exec(read('src/errors.ts'))?.[1] ?? '').matchAll(/'(\w+)'/g),
    ].map(([, code]) => code);
    expect(declared.sort()).toEqual(raised.map((row) => row.split(' ')[0]).sort());
  });

  const REASONS = new Set(firstCells(sectionOf(read('docs/api.md'), 'Reasons')));

  test('give every reason for a bypass', () => {
    const endpoints = readdirSync(new URL('src/request/endpoints', ROOT)).map(
      (name) => `src/request/endpoints/${name}`,
    );
    const reasons = [
      ...endpoints,
      'src/request/state.ts',
      'src/request/parsed-request.ts',
      'src/request/bypasses.ts',
      'src/request/decoding.ts',
      'src/http/bodies.ts',
      'src/proxy/name.ts',
    ].flatMap((path) =>
      [
        ...read(path)
          .replace(/fields: \{[^}]*\}|questionField: '\w+'/g, '')
          .matchAll(/(?:return|\?\?|:|\?) '([a-z]+(?:-[a-z]+)*)'/g),
      ].map(([, reason]) => reason as string),
    );
    expect(reasons.length).toBeGreaterThan(12);
    for (const reason of new Set(reasons)) expect(REASONS).toContain(reason);
  });

  test('give every reason for not keeping an answer', () => {
    const reasons = [...read('src/cache/storable.ts').matchAll(/^ {2}'([a-z]+(?:-[a-z]+)*)': '/gm)].map(
      ([, reason]) => reason as string,
    );
    expect(reasons.length).toBeGreaterThan(20);
    for (const reason of reasons) expect(REASONS).toContain(reason);
  });

  test('give no reason that the code does not', () => {
    const code = SOURCES.map((path) => read(`src/${path}`)).join();
    expect([...REASONS].filter((reason) => !code.includes(`'${reason}'`))).toEqual([]);
  });

  test('give a reason for every dependency', () => {
    const given = firstCells(sectionOf(read('CONTRIBUTING.md'), 'Dependencies'));
    const named = Object.keys({ ...PACKAGE.dependencies, ...PACKAGE.devDependencies }).map((name) =>
      name.startsWith('@types/') ? '@types/*' : name,
    );
    expect(given.toSorted()).toEqual([...new Set(named)].toSorted());
  });

  test('name the scripts that there are', () => {
    const named = DOCUMENTS.flatMap((path) => [...read(path).matchAll(/npm run (?:-s )?([a-z:]+)/g)]).map(
      ([, name]) => name as string,
    );
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => !(name in PACKAGE.scripts))).toEqual([]);
  });

  test('name the settings and variables that there are', () => {
    const texts = DOCUMENTS.map(read);
    const variables = texts.flatMap((text) => text.match(/\bREFRAIN_[A-Z_]+\b/g) ?? []);
    expect(variables.filter((name) => !variableNames.includes(name))).toEqual([]);
    const groups = new Set(paths.filter((path) => path.includes('.')).map((path) => path.split('.')[0]));
    const dotted = texts.flatMap(codeOf).flatMap((code) => /^[a-z]+\.[a-zA-Z]+(?=$|=)/.exec(code) ?? []);
    const settings = dotted.filter((name) => groups.has(name.split('.')[0]) && !/\.(sqlite|ts|json)$/.test(name));
    expect(settings.length).toBeGreaterThan(20);
    expect([...new Set(settings)].filter((name) => ![...paths, ...formerPaths].includes(name))).toEqual([]);
  });

  test('link to what there is', () => {
    const broken = DOCUMENTS.flatMap((document) =>
      linksOf(read(document))
        .filter((link) => !leadsSomewhere(document, link))
        .map((link) => `${document}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  test('the first of them fits on two screens', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(120);
  });
});

function leadsSomewhere(document: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : new URL(path, new URL(`${dirname(document)}/`, ROOT)).pathname;
  const url = new URL(target, ROOT);
  return existsSync(url) && (anchor === undefined || anchorsOf(readFileSync(url, 'utf8')).has(anchor));
}

describe('every file of the program', () => {
  test.each(ROOMS)("in %s/ is named in that room's README, whose table names no other", (room) => {
    const readme = read(`src/${room}/README.md`);
    const named = new Set(codeOf(readme));
    const files = SOURCES.filter((path) => path.startsWith(`${room}/`)).map((path) => path.replace(/\.[jt]sx?$/, ''));
    // A file below a room's folder may be named by its last part: `chat` of `endpoints/`.
    const namesOf = (file: string) => [file.slice(room.length + 1), basename(file)];
    expect(files.filter((file) => !namesOf(file).some((name) => named.has(name)))).toEqual([]);
    const known = new Set(files.flatMap(namesOf));
    const tabled = firstCells(readme.split(/^\| file \|/m)[1]?.split('\n\n')[0] ?? '');
    expect(tabled.filter((name) => !known.has(name) && !/[*/]/.test(name))).toEqual([]);
  });

  test('beside the rooms, and every room, is named in docs/architecture.md', () => {
    const rooms = sectionOf(read('docs/architecture.md'), 'The rooms');
    const beside = SOURCES.filter((path) => !path.includes('/')).map((path) => path.replace(/\.[jt]sx?$/, ''));
    const named = rooms.match(/(?<=^\| |\[|`)[a-z]+\/?(?=\]|`)/gm) ?? [];
    const tabled = new Set(named.map((name) => name.replace('/', '')));
    expect([...ROOMS, ...beside].filter((name) => !tabled.has(name))).toEqual([]);
  });
});

test('at the top there is only what belongs there', () => {
  const ALLOWED = new Set([
    'src',
    'test',
    'config',
    'docs',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
  ]);
  // Of what git ignores, such as a packed tarball, anything may lie about.
  const ignored = read('.gitignore').trim().split('\n');
  const isIgnored = (name: string) => ignored.some((pattern) => matchesGlob(name, pattern.replace(/\/$/, '')));
  const tops = readdirSync(ROOT).filter((name) => !isIgnored(name));
  expect(tops.length).toBeGreaterThan(8);
  expect(tops.filter((name) => !ALLOWED.has(name) && !name.startsWith('.'))).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(read('package-lock.json')).not.toMatch(/"resolved":|registry/);
});
