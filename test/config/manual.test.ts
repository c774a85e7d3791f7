import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Command, readCommand } from '../../src/config/command.ts';
import { createConfig, loadConfig } from '../../src/config/config.ts';
import { readDefaults } from '../../src/config/file.ts';
import { environmentExample, helpText, settingsTable } from '../../src/config/manual.ts';
import { flagName, variableName } from '../../src/config/setting.ts';
import { flagNames, paths, settingAt, variableNames } from '../../src/config/settings.ts';
import { createSurroundings } from './surroundings.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const command = (...argv: string[]): Command => readCommand(createSurroundings({ argv }));

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
    expect(rows).toContain('| `port` | `REFRAIN_PORT` | `4747` | Port that the API listens on; 0 takes any free one | a whole number from 0 to 65535 |');
  });
});

describe('.env.example', () => {
  it('is what the table says; `node test/generate.ts` writes it', () => {
    expect(read('.env.example')).toBe(environmentExample());
  });

  it('sets every variable to its default', () => {
    const text = environmentExample().replaceAll(/^# (?=REFRAIN_)/gm, '');
    expect([...text.matchAll(/^(REFRAIN_\w+)=/gm)].map(([, name]) => name).sort()).toEqual([...variableNames].sort());
    const surroundings = createSurroundings({ files: { '.env': text } });
    expect(loadConfig(surroundings)).toEqual(createConfig({}, surroundings.cwd));
  });
});

describe('the command line', () => {
  it.each(['--help', '-h'])('%s gives the text that explains it', (flag) => {
    expect(command(flag)).toEqual({ kind: 'help', text: helpText() });
  });

  it.each(['--version', '-v'])('%s gives the version of the package', (flag) => {
    expect(command(flag)).toEqual({ kind: 'version', text: `refrain ${JSON.parse(read('package.json')).version}` });
  });

  it('gives a configuration to start with otherwise', () => {
    expect(command('--port', '0')).toMatchObject({ kind: 'start', config: { port: 0 } });
  });
});

describe('--help', () => {
  const lines = helpText().split('\n');

  it('fits one screen', () => {
    expect(lines.length).toBeLessThanOrEqual(48);
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
  });

  it('explains each flag and its default', () => {
    const explained = lines.flatMap((line) => /^ +(?:-\w, )?--([a-z-]+)/.exec(line)?.[1] ?? []);
    expect(explained).toEqual([...flagNames, 'config', 'help', 'version']);
    expect(helpText()).toMatch(/^ {2}--cache +Which requests are cached: all, deterministic, off \[all\]$/m);
  });
});
