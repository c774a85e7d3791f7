import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Command, readCommand } from '../../src/config/command.ts';
import { commandNames, formOf } from '../../src/config/commands.ts';
import { createConfig } from '../../src/config/config.ts';
import { readDefaults } from '../../src/config/file.ts';
import { environmentExample, settingsTable } from './documents.ts';
import { flagName, variableName } from '../../src/config/setting.ts';
import { flagNames, paths, settingAt, variableNames } from '../../src/config/settings.ts';
import { createProcessInput, loadConfig } from './process-input.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const command = (...argv: string[]): Command => readCommand(createProcessInput({ argv }));

describe('names follow by rule', () => {
  it.each([
    ['host', 'host', 'REFRAIN_HOST'],
    ['memory.bytes', 'memory-bytes', 'REFRAIN_MEMORY_BYTES'],
    ['maxEntryBytes', 'max-entry-bytes', 'REFRAIN_MAX_ENTRY_BYTES'],
    ['timeouts.firstByte', 'timeouts-first-byte', 'REFRAIN_TIMEOUTS_FIRST_BYTE'],
  ])('%s', (path, flag, variable) => {
    expect([flagName(path), variableName(path)]).toEqual([flag, variable]);
  });

  it('and no two are the same', () => {
    const names = [...flagNames, 'config', 'help', 'version', ...variableNames];
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });
});

describe('the table of settings', () => {
  it('has a default for each in config/default.json', () => {
    expect([...readDefaults().keys()].sort()).toEqual([...paths].sort());
  });

  it('says in half a line what each means', () => {
    expect(paths.filter((path) => !/^[A-Z].{10,70}[^.]$/.test(settingAt(path).meaning))).toEqual([]);
  });

  it('is a row each in the README', () => {
    const rows = settingsTable().trimEnd().split('\n').slice(2);
    expect(rows.map((row) => row.split('|')[1]?.trim())).toEqual(paths.map((path) => `\`${path}\``));
    expect(rows.filter((row) => row.split('|').length !== 7)).toEqual([]);
    expect(rows).toContain(
      '| `port` | `REFRAIN_PORT` | `4747` | Port that the API listens on; ' +
        '0 takes any free one | a whole number from 0 to 65535 |',
    );
  });
});

describe('.env.example', () => {
  it('is what the table says; `node test/generate.ts` writes it', () => {
    expect(read('.env.example')).toBe(environmentExample());
  });

  it('sets every variable to its default', () => {
    const text = environmentExample().replaceAll(/^# (?=REFRAIN_)/gm, '');
    expect([...text.matchAll(/^(REFRAIN_\w+)=/gm)].map(([, name]) => name).sort()).toEqual([...variableNames].sort());
    const input = createProcessInput({ files: { '.env': text } });
    expect(loadConfig(input)).toEqual(createConfig({}, input.cwd));
  });
});

/** The text that a line asks for, by lines. */
function textOf(...argv: string[]): string[] {
  const asked = command(...argv);
  if (!('text' in asked)) throw new Error(`${argv.join(' ')} asks for no text`);
  return asked.text.split('\n');
}

/** The flags that a help explains. */
const flagsIn = (lines: readonly string[]) => lines.flatMap((line) => /^ +(?:-\w, )?--([a-z-]+)/.exec(line)?.[1] ?? []);

describe('the command line', () => {
  it.each(['--version', '-v'])('%s gives the version of the package', (flag) => {
    expect(command(flag)).toEqual({ kind: 'version', text: `refrain ${JSON.parse(read('package.json')).version}` });
  });

  it.each([[['--port', '0']], [['start', '--port', '0']]])('gives a configuration to start with: %j', (argv) => {
    expect(command(...argv)).toMatchObject({ kind: 'start', config: { port: 0 } });
  });

  it('gives each command what it takes, and the settings', () => {
    expect(command('stats', '--json', '--admin-port', '1')).toMatchObject({
      kind: 'stats',
      json: true,
      target: { url: null, config: { admin: { port: 1 } } },
    });
    expect(command('ls', '--model', 'm', '--older-than', '2h', '--min-bytes=1KiB')).toMatchObject({
      kind: 'ls',
      json: false,
      limit: 50,
      filter: { model: 'm', olderThan: 7_200, minBytes: 1_024 },
    });
    expect(command('ls', '--limit', '7', '--url', 'http://h:1/')).toMatchObject({
      limit: 7,
      filter: {},
      target: { url: 'http://h:1' },
    });
    expect(command('show', '0123456789ABCDEF.json')).toMatchObject({ kind: 'show', key: '0123456789abcdef.json' });
    expect(command('rm', '0123456789abcdef', '--json')).toMatchObject({
      kind: 'rm',
      key: '0123456789abcdef',
      json: true,
    });
    expect(command('purge', '--tag', 't', '--dry-run')).toMatchObject({
      kind: 'purge',
      choice: { tag: 't' },
      dryRun: true,
      yes: false,
    });
    expect(command('purge', '--all', '--yes')).toMatchObject({ choice: 'all', dryRun: false, yes: true });
    expect(command('explain', 'a', 'b', '--json')).toMatchObject({ kind: 'explain', operands: ['a', 'b'], json: true });
  });

  it('hands a filter on without what belongs to the command', () => {
    expect(command('ls', '--limit', '7', '--url', 'http://h:1/')).toHaveProperty('filter', {});
    expect(command('purge', '--model', 'm', '--url', 'http://h:1/')).toHaveProperty('choice', { model: 'm' });
  });

  it('tells the doctor where each value came from, and never a secret', () => {
    const input = createProcessInput({
      argv: ['doctor', '--port', '0', '--config', 'my.json'],
      env: { REFRAIN_ADMIN_TOKEN: 'sekret' },
      files: { 'my.json': '{"ttl":"1d"}', '.env': 'REFRAIN_CACHE=off' },
    });
    expect(readCommand(input)).toMatchObject({
      kind: 'doctor',
      examined: {
        config: { port: 0 },
        origins: [
          { path: 'port', shown: '"0"', from: '--port' },
          { path: 'admin.token', shown: 'set (not shown)', from: 'REFRAIN_ADMIN_TOKEN' },
          { path: 'ttl', shown: '"1d"', from: 'ttl in my.json' },
          { path: 'cache', shown: '"off"', from: 'REFRAIN_CACHE in .env' },
        ],
      },
    });
    expect(command('doctor', '--ttl', 'soon')).toMatchObject({
      examined: { fault: expect.stringContaining('--ttl is "soon"') },
    });
  });
});

describe('refrain --help', () => {
  it.each([[['--help']], [['-h']], [['help']], [['--port', '0', '--help']]])('is what %j gives', (argv) => {
    expect(textOf(...argv)).toEqual(textOf('--help'));
  });

  it('fits one screen, and lists every command', () => {
    const lines = textOf('--help');
    expect(lines.length).toBeLessThanOrEqual(34);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    const listed = lines
      .slice(lines.indexOf('Commands:'))
      .flatMap((line) => /^ {2}([a-z]+) .* {2}[A-Z]/.exec(line)?.[1] ?? []);
    expect(listed).toEqual([...commandNames, 'help']);
  });
});

describe('refrain start --help', () => {
  it('fits a large screen', () => {
    const lines = textOf('start', '--help');
    expect(lines.length).toBeLessThanOrEqual(84);
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
  });

  it('explains each setting and its default', () => {
    const lines = textOf('start', '--help');
    expect(flagsIn(lines)).toEqual([...flagNames, 'config', 'help']);
    expect(lines.join('\n')).toMatch(/^ {2}--cache +Which requests are cached: all, deterministic, off \[all\]$/m);
  });
});

describe.each(commandNames)('refrain %s --help', (name) => {
  const form = formOf(name);

  it('explains its own flags and exit codes', () => {
    const lines = textOf(name, '--help');
    expect(textOf('help', name)).toEqual(lines);
    const own = [...Object.keys(form.options), ...Object.keys(form.switches)].map(flagName);
    const shown = (form.settings ?? []).map(flagName);
    const settings = flagNames.filter((flag) => name === 'start' || shown.includes(flag));
    expect(flagsIn(lines)).toEqual([...own, ...settings, ...(name === 'start' ? ['config'] : []), 'help']);
    const exits = [...Object.entries(form.exits), ...Object.entries(form.otherExits ?? {})];
    expect(lines.slice(-exits.length)).toEqual(exits.map(([code, when]) => `  ${code}  ${when.replaceAll('`', '')}`));
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
  });

  it('has no flag that is a setting, too', () => {
    const own = [...Object.keys(form.options), ...Object.keys(form.switches)].map(flagName);
    expect(own.filter((flag) => [...flagNames, 'config', 'help', 'version'].includes(flag))).toEqual([]);
  });
});
