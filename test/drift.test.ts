import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { refreshReadme } from './documents.ts';

const ROOT = new URL('..', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const README = read('README.md');
const PACKAGE = JSON.parse(read('package.json'));

/** The first cells of the rows of the table under a heading, without their quotes. */
function firstCells(heading: string): string[] {
  const section = README.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| (.+?) \|/gm)].map(([, cell]) => (cell ?? '').replaceAll('`', '')).slice(1);
}

describe('the README', () => {
  test('has the settings and the key as the code has them', () => {
    expect(README).toBe(refreshReadme(README));
    expect(README).toContain('| `REFRAIN_PORT` |');
  });

  test('lists every error, with its status', () => {
    const raised = [...read('src/errors.ts').matchAll(/new RefrainError\(\s*'(\w+)',\s*(\d+)/g)].map(
      ([, code, status]) => `${code} ${status}`,
    );
    const listed = [...README.matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map(([, code, status]) => `${code} ${status}`);
    expect(raised.length).toBeGreaterThan(10);
    expect(listed.sort()).toEqual(raised.sort());
    const declared = [
      ...(/export type ErrorCode =([^;]*);/.exec(read('src/errors.ts'))?.[1] ?? '').matchAll(/'(\w+)'/g),
    ].map(([, code]) => code);
    expect(declared.sort()).toEqual(raised.map((row) => row.split(' ')[0]).sort());
  });

  test('gives every reason for a bypass', () => {
    const reasons = [
      'src/request/state.ts',
      'src/request/parsed-request.ts',
      'src/request/bypasses.ts',
      'src/request/content-coding.ts',
      'src/http/body.ts',
      'src/http/resolve.ts',
    ].flatMap((path) =>
      [...read(path).matchAll(/(?:return|\?\?|:|\?) '([a-z]+(?:-[a-z]+)*)'/g)].map(([, reason]) => reason as string),
    );
    expect(reasons.length).toBeGreaterThan(12);
    for (const reason of new Set(reasons)) expect(README, reason).toContain(`\`${reason}\``);
  });

  test('gives every reason for not keeping an answer', () => {
    const reasons = [...read('src/cache/storable.ts').matchAll(/^ {2}'([a-z]+(?:-[a-z]+)*)': '/gm)].map(
      ([, reason]) => reason as string,
    );
    expect(reasons.length).toBeGreaterThan(20);
    for (const reason of reasons) expect(README, reason).toContain(`\`${reason}\``);
  });

  test('gives a reason for every dependency', () => {
    const cells = firstCells('Development').join(', ');
    const missing = Object.keys({ ...PACKAGE.dependencies, ...PACKAGE.devDependencies }).filter(
      (name) => !cells.includes(name.startsWith('@types/') ? '@types/*' : name),
    );
    expect(missing).toEqual([]);
  });

  test('names the scripts that there are', () => {
    const named = [...README.matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name as string);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => !(name in PACKAGE.scripts))).toEqual([]);
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
  const isAllowed = (name: string) => ALLOWED.has(name) || name.startsWith('.');
  // Of what git ignores, such as a packed tarball, anything may lie about.
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  const tops = new Set(
    listed
      .toString()
      .trim()
      .split('\n')
      .map((path) => path.split('/')[0] as string),
  );
  expect(tops.size).toBeGreaterThan(8);
  expect([...tops].filter((name) => !isAllowed(name))).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(read('package-lock.json')).not.toMatch(/"resolved":|registry/);
});
