/**
 * Commands and settings as people read them, made from the tables: --help,
 * .env.example and the README's tables.
 */
import { type CommandName, commandNames, formOf } from './commands.ts';
import { readDefaults } from './file.ts';
import { flagName, type Setting, variableName } from './setting.ts';
import { FILE_FLAG, FILE_MEANING, FILE_VARIABLE, type Path, paths, settingAt, textPaths } from './settings.ts';

/** The flags of settings, and what each means, with its default. */
export function settingFlags(): readonly (readonly [flag: string, meaning: string])[] {
  const defaults = readDefaultTexts();
  return [
    ...textPaths.map((path) => [flagName(path), `${describe(settingAt(path))}${bracket(defaults.get(path))}`] as const),
    [FILE_FLAG, FILE_MEANING] as const,
  ];
}

/** What follows the flags in the help of one command. */
export function commandAfterword(name: CommandName): string {
  const { exits } = formOf(name);
  return [
    '',
    ...(name === 'start' ? SETTINGS_EXPLAINED : SETTINGS_TAKEN),
    '',
    'Exit codes:',
    ...exits.map((when, code) => `  ${code}  ${when.replaceAll('`', '')}`),
  ].join('\n');
}

/** What follows the commands in the help of all. */
export const PROGRAM_AFTERWORD = `
Examples:
  refrain --upstream https://api.groq.com/openai/v1
  refrain purge --model gpt-4o-mini --older-than 7d --dry-run

Settings, their defaults and where they are read from: refrain start --help`;

const SETTINGS_EXPLAINED = [
  `Each setting has a variable (--memory-bytes is ${variableName('memory.bytes')}) and a place in the JSON file`,
  '(memory.bytes). A flag wins over the environment, that over .env, that over the file.',
  'HTTP_PROXY, HTTPS_PROXY and NO_PROXY are honoured. Sizes: 512KiB, 4GB. Times: 45s, 30m, 7d.',
];

const SETTINGS_TAKEN = [
  'The settings are read as refrain start reads them, and are flags here as well,',
  'such as --config or --admin-port; refrain start --help lists them.',
];

/** A Markdown table of how each command exits. */
export function exitsTable(): string {
  const row = (name: CommandName) => `| \`${name}\` | ${formOf(name).exits.join(' | ')} |`;
  return ['| command | 0 | 1 | 2 |', '|---|---|---|---|', ...commandNames.map(row), ''].join('\n');
}

/** The text of .env.example. */
export function environmentExample(): string {
  const defaults = readDefaultTexts();
  const entries = [
    ...textPaths.map((path) => `# ${describe(settingAt(path))}\n# ${variableName(path)}=${defaults.get(path)}\n`),
    `# ${FILE_MEANING}\n# ${FILE_VARIABLE}=\n`,
  ];
  return [
    '# Every variable that Refrain reads, with its default. Copy this file to .env in',
    '# the directory that Refrain starts in, and uncomment what is to change. Written',
    '# by `node test/generate.ts`.',
    '#',
    '# HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read as well, in either case.',
    '',
    ...entries,
  ].join('\n');
}

/** A Markdown table of every setting. */
export function settingsTable(): string {
  const defaults = readDefaultTexts();
  const row = (path: Path) => {
    const { meaning, allowed, fileOnly } = settingAt(path);
    const variable = fileOnly ? 'JSON file only' : code(variableName(path));
    return `| ${code(path)} | ${variable} | ${code(defaults.get(path) ?? '')} | ${meaning} | ${allowed} |`;
  };
  return [
    '| Setting | Variable | Default | Meaning | What it may be |',
    '|---|---|---|---|---|',
    ...paths.map(row),
    '',
  ].join('\n');
}

/** What a setting or an option means, and its words where they are few. */
export function describe({ meaning, words }: Setting): string {
  return words === undefined ? meaning : `${meaning}: ${words.join(', ')}`;
}

function bracket(text = ''): string {
  return text === '' ? '' : ` [${text}]`;
}

/** The default of each setting as a variable would spell it; empty where none is set. */
function readDefaultTexts(): ReadonlyMap<string, string> {
  const texts = [...readDefaults()].map(([path, { value }]) => [path, textOf(value)] as const);
  return new Map(texts);
}

function textOf(value: unknown): string {
  if (value === null) return '';
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'object' ? '' : String(value);
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}
