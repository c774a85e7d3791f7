/**
 * The settings as people read them, made from the table: --help, .env.example
 * and the table in the README.
 */
import { readDefaults } from './file.ts';
import { flagName, type Setting, variableName } from './setting.ts';
import { FILE_FLAG, FILE_MEANING, FILE_VARIABLE, type Path, paths, settingAt, textPaths } from './settings.ts';

/** About one screen; no line is wider than 100 columns. */
export function helpText(): string {
  const defaults = readDefaultTexts();
  const rows = [
    ...textPaths.map((path) => [`--${flagName(path)}`, `${describe(settingAt(path))}${bracket(defaults.get(path))}`] as const),
    [`--${FILE_FLAG} FILE`, FILE_MEANING] as const,
    ['-h, --help', 'Show this text'] as const,
    ['-v, --version', 'Show the version'] as const,
  ];
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return [
    'Usage: refrain [--flag VALUE]...',
    '       refrain explain A.json B.json [--json] [--flag VALUE]...',
    'An OpenAI-compatible caching proxy: asked twice, answered once.',
    '',
    ...rows.map(([flag, meaning]) => `  ${flag.padEnd(width)}  ${meaning}`),
    '',
    `Each flag has a variable (--memory-bytes is ${variableName('memory.bytes')}) and a place in the JSON file`,
    '(memory.bytes). A flag wins over the environment, that over .env, that over the file.',
    'HTTP_PROXY, HTTPS_PROXY and NO_PROXY are honoured. Sizes: 512KiB, 4GB. Times: 45s, 30m, 7d.',
  ].join('\n');
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
  return ['| Setting | Variable | Default | Meaning | What it may be |', '|---|---|---|---|---|', ...paths.map(row), ''].join('\n');
}

function describe({ meaning, words }: Setting): string {
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
