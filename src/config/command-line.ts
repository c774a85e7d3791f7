/**
 * The command line, read by commander: which command, with what. Commander
 * neither prints nor exits here: a text is returned, an error is refused in
 * one line.
 */
import { Argument, Command as Parser, CommanderError, Option as Flag } from 'commander';
import { type CommandName, commandNames, formOf } from './commands.ts';
import { commandAfterword, describe, PROGRAM_AFTERWORD, settingFlags } from './help.ts';
import { nearest } from './nearest.ts';
import { flagName, type Option } from './setting.ts';
import { formerPaths, settingAt, textPaths } from './settings.ts';
import { isSwitch, writeOutSwitches } from './switch-flags.ts';
import { refuse, type RawValues, type RawValue } from './raw-value.ts';

export interface CommandLine {
  readonly name: CommandName;
  readonly operands: readonly string[];
  /** Its own flags and those of settings, by their names without dashes; a switch gives true. */
  readonly flags: RawValues;
  /** The words behind `--`, unread, of a command that takes another. */
  readonly rest: readonly string[];
}

/** A text, asked for in the place of a command's work: its help, or the version. */
export interface Text {
  readonly kind: 'help' | 'version';
  readonly text: string;
}

/** The placeholder of a value that its default explains. */
const ANY = 'VALUE';
const VERSION = 'commander.version';
const WIDTH = 80;
/** For one line to each setting. */
const START_WIDTH = 100;

/** @throws ConfigError where the line is none of Refrain's */
export function readLine(words: readonly string[], version: string): CommandLine | Text {
  const end = takesRest(words[0]) ? words.indexOf('--') : -1;
  const argv = writeOutSwitches(end === -1 ? words : words.slice(0, end), switchNames());
  const rest = end === -1 ? [] : words.slice(end + 1);
  let text = '';
  let line: CommandLine | undefined;
  const program = new Parser('refrain')
    .usage('[COMMAND] [--flag VALUE]...')
    .description('An OpenAI-compatible caching proxy: asked twice, answered once.')
    .version(`refrain ${version}`, '-v, --version', 'Show the version')
    .helpOption('-h, --help', 'Show this text')
    .helpCommand('help [COMMAND]', 'Show all of a command')
    .configureOutput({ writeOut: (part) => (text += part), writeErr: () => {} })
    .configureHelp({
      helpWidth: WIDTH,
      subcommandTerm: (command) => [command.name(), ...singleWordsOf(command)].join(' '),
      optionTerm,
    })
    .exitOverride((error) => refuseUnlessText(error, program))
    .addHelpText('after', PROGRAM_AFTERWORD);
  for (const name of commandNames) {
    const command = declare(program.command(name), name, argv);
    command.action(() => void (line = { name, operands: command.args, flags: readFlags(command), rest }));
    command.exitOverride((error) => refuseUnlessText(error, command));
  }
  try {
    program.parse(isCommandless(argv) ? ['start', ...argv] : argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: error.code === VERSION ? 'version' : 'help', text: text.trimEnd() };
  }
  return line!;
}

/** Tests whether the words behind `--` are another command's. */
function takesRest(word: string | undefined): boolean {
  const name = commandNames.find((known) => known === word);
  return name !== undefined && formOf(name).rest !== undefined;
}

function switchNames(): ReadonlySet<string> {
  const ofCommands = commandNames.flatMap((name) => Object.entries(formOf(name).options));
  const all = [...textPaths.map((path) => [path, settingAt(path)] as const), ...ofCommands];
  return new Set(all.filter(([, type]) => isSwitch(type)).map(([path]) => flagName(path)));
}

/** Flags alone are those of a start, but for those that ask for a text. */
function isCommandless(argv: readonly string[]): boolean {
  return (argv[0] ?? '-').startsWith('-') && !argv.some((word) => /^(-h|--help|-v|--version)$/.test(word));
}

function declare(command: Parser, name: CommandName, argv: readonly string[]): Parser {
  const { meaning, operands, options, switches, settings = [], rest } = formOf(name);
  const isStart = name === 'start';
  const shown: readonly string[] = settings.map(flagName);
  const valued = (flag: string, placeholder: string, text: string, isRepeatable = false) =>
    new Flag(`--${flag} <${placeholder}>`, text).argParser<string | readonly string[]>((value, before) => {
      refuseFlagAsValue(`--${flag}`, value, argv);
      return isRepeatable ? [...(before ?? []), value] : value;
    });
  for (const [operand, text] of Object.entries(operands)) {
    command.addArgument(new Argument(operand.endsWith('…') ? `[${operand.slice(0, -1)}...]` : `<${operand}>`, text));
  }
  for (const [path, option] of Object.entries<Option>(options))
    command.addOption(valued(flagName(path), option.value, describe(option), option.isRepeatable));
  for (const [path, text] of Object.entries(switches)) command.option(`--${flagName(path)}`, text);
  for (const { flag, meaning: text, isRepeatable } of settingFlags())
    command.addOption(valued(flag, ANY, text, isRepeatable).hideHelp(!isStart && !shown.includes(flag)));
  for (const path of formerPaths) command.addOption(valued(flagName(path), ANY, '').hideHelp());
  return command
    .usage([...wordsOf(command), isStart ? '[--flag VALUE]...' : '[--flag]...', ...(rest ?? [])].join(' '))
    .description(meaning)
    .configureHelp({ ...command.configureHelp(), helpWidth: isStart ? START_WIDTH : WIDTH })
    .addHelpText('after', commandAfterword(name));
}

function singleWordsOf(command: Parser): readonly string[] {
  return command.registeredArguments.filter((word) => !word.variadic).map((word) => word.name());
}

function wordsOf(command: Parser): readonly string[] {
  return command.registeredArguments.map((word) => (word.variadic ? `[${word.name()}]...` : word.name()));
}

function optionTerm({ flags }: Flag): string {
  return flags.replace(/ <(\w+)>$/, (_, value) => (value === ANY ? '' : ` ${value}`));
}

function readFlags(command: Parser): RawValues {
  const given = command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli');
  return new Map(
    given.map((option): [string, RawValue] => [
      option.name(),
      { name: `--${option.name()}`, value: command.getOptionValue(option.attributeName()) },
    ]),
  );
}

/** Commander takes what follows a flag as its value, another flag as well. */
function refuseFlagAsValue(flag: string, value: string, argv: readonly string[]): void {
  if (value.startsWith('-') && !argv.includes(`${flag}=${value}`))
    throw refuse(`${flag} has no value; it may be given one as ${flag}=VALUE`);
}

/** @throws the error itself where it stands for a text, else its message in one line */
function refuseUnlessText(error: CommanderError, command: Parser): never {
  if (error.exitCode === 0) throw error;
  const help = `refrain ${command.parent ? `${command.name()} ` : ''}--help`;
  const flag = error.code === 'commander.unknownOption' && /'(-[^'=]*)/.exec(error.message)?.[1];
  if (flag) {
    const known = [...command.options.map((option) => option.name()), 'help'];
    throw refuse(`unknown option '${flag}' (the nearest is --${nearest(flag.replace(/^-+/, ''), known)}); see ${help}`);
  }
  const word = command.args.at(-1) ?? '';
  if (error.code === 'commander.excessArguments' && takesRest(command.name()))
    throw refuse(`'${command.args[0]}' stands before --; the command stands behind it: refrain ${command.name()} -- …`);
  if (error.code === 'commander.excessArguments' && (commandNames as readonly string[]).includes(word))
    throw refuse(`'${word}' stands behind flags; a command comes first, see refrain ${word} --help`);
  // Of help for a command that there is not.
  const says = error.code === 'commander.help' ? `unknown command '${word}'` : error.message;
  throw refuse(`${says.replace(/^error: |\.$/g, '').replace('\n', ' ')}; see ${help}`);
}
