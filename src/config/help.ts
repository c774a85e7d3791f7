/**
 * Commands and settings as --help explains them, from their tables.
 */
import { type CommandName, formOf } from './commands.ts';
import { readDefaults } from './file.ts';
import { flagName, type Setting, variableName } from './setting.ts';
import { FILE_FLAG, FILE_MEANING, settingAt, textPaths } from './settings.ts';

/** The flag of a setting. */
export interface SettingFlag {
  readonly flag: string;
  /** With its default. */
  readonly meaning: string;
  readonly isRepeatable: boolean;
}

export function settingFlags(): readonly SettingFlag[] {
  const defaults = readDefaultTexts();
  const flags = textPaths.map((path) => {
    const setting = settingAt(path);
    const text = defaults.get(path);
    const meaning = `${describe(setting)}${text ? ` [${text}]` : ''}`;
    return { flag: flagName(path), meaning, isRepeatable: setting.isRepeatable === true };
  });
  return [...flags, { flag: FILE_FLAG, meaning: FILE_MEANING, isRepeatable: false }];
}

/** The cases in which a command exits with each code. */
export function exitsOf(name: CommandName): readonly (readonly [code: string, when: string])[] {
  const { exits, otherExits = {} } = formOf(name);
  return [...Object.entries(exits), ...Object.entries(otherExits)];
}

/** The text after the flags in the help of one command. */
export function commandAfterword(name: CommandName): string {
  const exits = exitsOf(name).map(([code, when]) => `  ${code}  ${when.replaceAll('`', '')}`);
  return ['', name === 'start' ? SETTINGS_EXPLAINED : SETTINGS_TAKEN, '', 'Exit codes:', ...exits].join('\n');
}

/** The text after the commands in the help of all. */
export const PROGRAM_AFTERWORD = `
Example:
  refrain --upstream https://api.groq.com/openai/v1

Settings, their defaults and where they are read from: refrain start --help`;

const SETTINGS_EXPLAINED = `\
Each setting has a variable (--memory-bytes is ${variableName('memory.bytes')}) and a place in the JSON file
(memory.bytes). A flag wins over the environment, that over .env, that over the file.
HTTP_PROXY, HTTPS_PROXY and NO_PROXY are honoured. Sizes: 512KiB, 4GB. Times: 45s, 30m, 7d.`;

const SETTINGS_TAKEN = `\
The settings are read as refrain start reads them, and are flags here as well,
such as --config or --admin-port; refrain start --help lists them.`;

/** The meaning of a setting or an option, and its words where they are few. */
export function describe({ meaning, words }: Setting): string {
  return words === undefined ? meaning : `${meaning}: ${words.join(', ')}`;
}

/** The default of each setting as a variable would spell it; empty where none is set. */
export function readDefaultTexts(): ReadonlyMap<string, string> {
  return new Map([...readDefaults()].map(([path, { value }]) => [path, textOf(value)]));
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'object' ? '' : String(value);
}
