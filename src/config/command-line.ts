/**
 * The command line, read by commander: which command, with what. Commander
 * neither prints nor exits here. What it would print is returned; what it
 * complains of is refused in one line.
 */
import { Argument, Command as Parser, CommanderError, Option as Flag } from 'commander';
import { type CommandName, commandNames, formOf } from './commands.ts';
import { commandAfterword, describe, PROGRAM_AFTERWORD, settingFlags } from './help.ts';
import { nearest } from './nearest.ts';
import { flagName } from './setting.ts';
import { formerPaths } from './settings.ts';
import { refuse, type RawValues, show, type RawValue } from './raw-value.ts';

export interface CommandLine {
  readonly name: CommandName;
  readonly operands: readonly string[];
  /** Its own flags and those of settings, by their names without dashes; a switch gives true. */
  readonly flags: RawValues;
}

/** What was asked for in the place of a command's work: its help, or the version. */
export interface Text {
  readonly kind: 'help' | 'version';
  readonly text: string;
}

/** What stands for a value that is told by its default. */
const ANY = 'VALUE';
const VERSION = 'commander.version';
const WIDTH = 80;
/** For one line to each setting. */
const START_WIDTH = 100;

/** @throws ConfigError where the line is none of Refrain's */
export function readLine(argv: readonly string[], version: string): CommandLine | Text {
  let text = '';
  let line: CommandLine | undefined;
  const program = new Parser('refrain')
    .usage('[COMMAND] [--flag VALUE]...')
    .description('An OpenAI-compatible caching proxy: asked twice, answered once.')
    .version(`refrain ${version}`, '-v, --version', 'Show the version')
    .helpOption('-h, --help', 'Show this text')
    .helpCommand('help [COMMAND]', 'Show all of a command')
    .showSuggestionAfterError(false)
    .configureOutput({ writeOut: (part) => (text += part), writeErr: () => {} })
    .configureHelp({
      helpWidth: WIDTH,
      subcommandTerm: (command) => [command.name(), ...operandsOf(command)].join(' '),
      optionTerm,
    })
    .exitOverride((error) => refuseUnlessText(error, program, argv))
    .addHelpText('after', PROGRAM_AFTERWORD);
  for (const name of commandNames) {
    const command = declare(program.command(name, { isDefault: name === 'start' }), name, argv);
    command.action(() => void (line = { name, operands: command.args, flags: readFlags(command) }));
    command.exitOverride((error) => refuseUnlessText(error, command, argv));
  }
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: error.code === VERSION ? 'version' : 'help', text: text.trimEnd() };
  }
  return line!;
}

function declare(command: Parser, name: CommandName, argv: readonly string[]): Parser {
  const { meaning, operands, options, switches } = formOf(name);
  const isStart = name === 'start';
  const valued = (flag: string, placeholder: string, text: string) =>
    new Flag(`--${flag} <${placeholder}>`, text).argParser((value) => refuseFlagAsValue(`--${flag}`, value, argv));
  for (const [operand, text] of Object.entries(operands)) command.addArgument(new Argument(`<${operand}>`, text));
  for (const [path, option] of Object.entries(options))
    command.addOption(valued(flagName(path), option.value, describe(option)));
  for (const [path, text] of Object.entries(switches)) command.option(`--${flagName(path)}`, text);
  for (const [flag, text] of settingFlags()) command.addOption(valued(flag, ANY, text).hideHelp(!isStart));
  for (const path of formerPaths) command.addOption(valued(flagName(path), ANY, '').hideHelp());
  return command
    .usage([...operandsOf(command), isStart ? '[--flag VALUE]...' : '[--flag]...'].join(' '))
    .description(meaning)
    .configureHelp({ ...command.configureHelp(), helpWidth: isStart ? START_WIDTH : WIDTH })
    .addHelpText('after', commandAfterword(name));
}

function operandsOf(command: Parser): readonly string[] {
  return command.registeredArguments.map((argument) => argument.name());
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
function refuseFlagAsValue(flag: string, value: string, argv: readonly string[]): string {
  if (value.startsWith('-') && !argv.includes(`${flag}=${value}`)) throw refuseBareFlag(flag);
  return value;
}

function refuseBareFlag(flag: string) {
  return refuse(`${flag} has no value; it may be given one as ${flag}=VALUE`);
}

/** @throws the error itself where it stands for a text, else its refusal */
function refuseUnlessText(error: CommanderError, command: Parser, argv: readonly string[]): never {
  if (error.exitCode === 0) throw error;
  const name = command.name();
  const [, quoted = ''] = /'(.*)'/s.exec(error.message) ?? [];
  switch (error.code) {
    case 'commander.unknownOption': {
      const [flag = ''] = quoted.split('=');
      const known = [...command.options.map((option) => option.name()), 'help'];
      throw refuse(
        `${flag} is not a flag of ${name}; the nearest is --${nearest(flag.replace(/^-+/, ''), known)}, and refrain ${name} --help lists all`,
      );
    }
    case 'commander.optionMissingArgument':
      throw refuseBareFlag(quoted.split(' ')[0] ?? '');
    case 'commander.missingArgument':
      throw refuse(`${name} takes ${operandsOf(command).join(' and ')}; see refrain ${name} --help`);
    case 'commander.help':
      throw refuseCommand(command.args.at(-1) ?? '');
    default:
      throw refuseExcess(command.args[operandsOf(command).length] ?? '', command, argv);
  }
}

function refuseExcess(word: string, command: Parser, argv: readonly string[]) {
  const name = command.name();
  if (argv[0] === name) {
    const operands = operandsOf(command);
    return refuse(
      `${show(word)} is too much; ${name} takes ${[...operands, 'flags'].join(' and ')}, see refrain ${name} --help`,
    );
  }
  if (commandNames.some((known) => known === word))
    return refuse(`${word} stands behind a flag; a command comes first, as in refrain ${word} --help`);
  return refuseCommand(word);
}

function refuseCommand(word: string) {
  return refuse(
    `${show(word)} is not a command; the nearest is ${nearest(word, commandNames)}, and refrain --help lists all`,
  );
}
