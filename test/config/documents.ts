/**
 * Settings and commands as the documentation has them, made from their tables.
 */
import { type CommandName, commandNames, formOf } from '../../src/config/commands.ts';
import { describe, readDefaultTexts } from '../../src/config/help.ts';
import { SECRET_FILE, variableName } from '../../src/config/setting.ts';
import {
  FILE_MEANING,
  FILE_VARIABLE,
  type Path,
  paths,
  secretFileNames,
  settingAt,
  textPaths,
} from '../../src/config/settings.ts';

/** A Markdown table of how each command exits. */
export function exitsTable(): string {
  const others = (name: CommandName) =>
    Object.entries(formOf(name).otherExits ?? {}).map(([code, when]) => `${code}: ${when}`);
  const row = (name: CommandName) =>
    `| ${[`\`${name}\``, ...formOf(name).exits, others(name).join('; ')].join(' | ')} |`;
  return ['| command | 0 | 1 | 2 | others |', '|---|---|---|---|---|', ...commandNames.map(row), ''].join('\n');
}

/** The text of .env.example. */
export function environmentExample(): string {
  const defaults = readDefaultTexts();
  const entries = [
    ...textPaths.map(
      (path) => `# ${describe(settingAt(path))}\n# ${variableName(path)}=${defaults.get(path)}\n${fileOf(path)}`,
    ),
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

/** The line on the file that may hold a secret. */
function fileOf(path: Path): string {
  const name = variableName(path) + SECRET_FILE;
  return secretFileNames.includes(name) ? `# ${name}=\n` : '';
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

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}
