import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const SOURCE = new URL('../src', import.meta.url).pathname;

/** The rooms, each of which may import only those above it; a file beside the rooms is a room of its own. */
const ROOMS = [
  // In the browser: it knows the admin API, and nothing of the program.
  ['dashboard'],
  ['errors', 'clock', 'log', 'endpoint', 'dialect', 'coding'],
  ['thread', 'privacy', 'certificates'],
  ['config', 'secret', 'redis'],
  ['request', 'response'],
  ['forms'],
  ['items'],
  ['store', 'upstream'],
  ['cassette'],
  ['cache'],
  ['ledger'],
  ['console'],
  ['fleet'],
  ['headers'],
  ['proxy'],
  ['http', 'admin'],
  ['rules', 'stores'],
  ['replay'],
  ['readers'],
  ['core'],
  ['api', 'reloading'],
  ['workforce'],
  ['readings'],
  ['app', 'fetch'],
  ['lifecycle'],
  ['workers', 'run', 'warm'],
  ['cli', 'vitest'],
  ['main'],
];

const FILES = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
const textOf = (file: string) => readFileSync(join(SOURCE, file), 'utf8');
const roomOf = (file: string) => (file.split('/')[0] as string).replace(/\.tsx?$/, '');
const rankOf = (room: string) => ROOMS.findIndex((rooms) => rooms.includes(room));

/** The imports of a file: our own files by their path below `src`, packages by name. */
function importsOf(file: string, text = textOf(file)): string[] {
  const specifiers = [
    ...text.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm),
  ];
  return specifiers
    .map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '')
    .map((specifier) =>
      specifier.startsWith('.') ? relative(SOURCE, join(SOURCE, dirname(file), specifier)) : specifier,
    );
}

const EDGES = FILES.flatMap((file) => importsOf(file).map((to) => [file, to] as const));
const OWN_EDGES = EDGES.filter(([, to]) => FILES.includes(to));

describe('the rooms', () => {
  test('are all known, and there is no junk drawer', () => {
    expect(FILES.length).toBeGreaterThan(30);
    expect([...new Set(FILES.map(roomOf))].filter((room) => rankOf(room) === -1)).toEqual([]);
    expect(FILES.filter((file) => /(^|\/)(utils?|helpers?|common|types|index)\.tsx?$/.test(file))).toEqual([]);
  });

  test('import only rooms above them', () => {
    const crossing = OWN_EDGES.filter(
      ([file, to]) => roomOf(file) !== roomOf(to) && rankOf(roomOf(to)) >= rankOf(roomOf(file)),
    );
    expect(crossing).toEqual([]);
    expect(OWN_EDGES.length).toBeGreaterThan(50);
  });

  test('of cache and store keep to the plan', () => {
    const between = (from: string, to: string) =>
      OWN_EDGES.filter(([file, target]) => roomOf(file) === from && roomOf(target) === to);
    for (const [from, to] of [
      ['cache', 'upstream'],
      ['cache', 'request'],
      ['store', 'request'],
      ['upstream', 'store'],
    ] as const) {
      expect(between(from, to), `${from} imports ${to}`).toEqual([]);
    }
  });

  test('import in no circle, file by file', () => {
    const next = new Map(FILES.map((file) => [file, OWN_EDGES.filter(([from]) => from === file).map(([, to]) => to)]));
    const done = new Set<string>();
    const circles: string[][] = [];
    const walk = (file: string, path: string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file]);
      if (done.has(file) || path.includes(file)) return;
      for (const to of next.get(file) ?? []) walk(to, [...path, file]);
      done.add(file);
    };
    for (const file of FILES) walk(file, []);
    expect(circles).toEqual([]);
  });

  test('have a README of at most 40 lines each', () => {
    for (const room of new Set(FILES.filter((file) => file.includes('/')).map(roomOf))) {
      expect(readFileSync(join(SOURCE, room, 'README.md'), 'utf8').split('\n').length, room).toBeLessThanOrEqual(41);
    }
  });
});

describe('at once', () => {
  /** The imports for values, which load at once. */
  const importedBy = (file: string) =>
    importsOf(file, textOf(file).replaceAll(/^(?:import|export) type\b[^;]*;|\bimport\('/gm, ''));

  function reachedFrom(...files: readonly string[]): ReadonlySet<string> {
    const seen = new Set<string>();
    const walk = (name: string) => {
      if (!seen.has(name) && seen.add(name) && FILES.includes(name)) importedBy(name).forEach(walk);
    };
    files.forEach(walk);
    return seen;
  }

  const packagesIn = (seen: ReadonlySet<string>) =>
    [...seen].filter((name) => !FILES.includes(name) && !name.startsWith('node:')).toSorted();

  test('no package is loaded before the ready line that no listener needs to accept', () => {
    const seen = reachedFrom('cli/main.ts', 'cli/start.ts');
    expect(packagesIn(seen)).toEqual(['commander', 'dotenv', 'lru-cache', 'object-hash', 'pino', 'prom-client', 'zod']);
    expect(seen).not.toContain('node:http');
  });

  test('a program that imports the package loads no listener, no command and no source of settings', () => {
    const seen = reachedFrom('fetch/cached-fetch.ts');
    expect(packagesIn(seen)).toEqual(['lru-cache', 'object-hash', 'pino', 'zod']);
    expect(seen).not.toContain('node:http');
    expect([...seen].filter((name) => /^(http|admin|cli)\//.test(name))).toEqual([]);
  });
});

describe('only at the edge', () => {
  test('is express imported', () => {
    const importers = EDGES.filter(([, to]) => to === 'express').map(([file]) => roomOf(file));
    expect(new Set(importers)).toEqual(new Set(['admin']));
  });

  test('is a request of Node known', () => {
    const core = FILES.filter((file) => ['proxy', 'headers', 'cache', 'request', 'response'].includes(roomOf(file)));
    expect(core.length).toBeGreaterThan(60);
    expect(core.filter((file) => /node:http|IncomingMessage|ServerResponse|express/.test(textOf(file)))).toEqual([]);
  });

  test('in the configuration is the process asked for its environment and arguments', () => {
    expect(
      FILES.filter((file) => /process\.(env|argv)/.test(textOf(file)))
        .map(roomOf)
        .filter((room) => room !== 'config'),
    ).toEqual([]);
  });
});

/** The text that is read by people: the program, its tests, its configuration. */
const PROSE = ['src', 'test', 'config'].flatMap((folder) => {
  const root = join(SOURCE, '..', folder);
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.[jt]sx?$/.test(name));
  return names.map((name) => ({ name: `${folder}/${name}`, text: readFileSync(join(root, name), 'utf8') }));
});

/** The numbers of the lines at which this matches, after the name of the file. */
const linesAt = (pattern: RegExp) =>
  PROSE.flatMap(({ name, text }) =>
    [...text.matchAll(pattern)].map(({ index }) => `${name}:${text.slice(0, index).split('\n').length}`),
  );

describe('to be read', () => {
  test('files stay short; of functions, their length and complexity, Biome says so', () => {
    expect(FILES.filter((file) => textOf(file).split('\n').length > 240)).toEqual([]);
    expect(textOf('http/handle.ts').split('\n').length).toBeLessThan(60);
    const { rules } = JSON.parse(readFileSync(join(SOURCE, '../.biome.json'), 'utf8')).linter;
    expect(rules.complexity).toMatchObject({
      noExcessiveCognitiveComplexity: { level: 'error', options: { maxAllowedComplexity: 15 } },
      noExcessiveLinesPerFunction: { level: 'error', options: { maxLines: 60 } },
    });
  });

  test('lines end at 120 columns, those too that Biome cannot break', () => {
    expect(linesAt(/^.{121}/gm)).toEqual([]);
  });

  test('a name stands for one type', () => {
    const declared = FILES.flatMap((file) =>
      [...textOf(file).matchAll(/^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class) (\w+)/gm)].map(
        ([, name = '']) => ({ name, file }),
      ),
    );
    expect(declared.length).toBeGreaterThan(200);
    const twice = [...Map.groupBy(declared, ({ name }) => name)].filter(([, places]) => places.length > 1);
    expect(twice.map(([name, places]) => [name, ...places.map(({ file }) => file)])).toEqual([]);
  });

  test('a comment opens with the name of the thing', () => {
    expect(linesAt(/\/\*\*(?:\s+\*)? (?:What|Who|Whoever|Whether|Which|Whose)\b/g)).toEqual([]);
  });
});
