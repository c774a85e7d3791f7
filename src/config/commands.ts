/**
 * The table of commands: which there are, what each takes, and how it exits.
 * The command line, every --help and the documentation's table of exit codes come
 * from it.
 */
import { cassetteWords, importing } from './cassette-words.ts';
import {
  choosing,
  files,
  finding,
  json,
  key,
  paging,
  reaching,
  running,
  summing,
  trying,
  warming,
} from './command-options.ts';
import type { Option } from './setting.ts';
import type { Path } from './settings.ts';

export interface CommandForm {
  readonly meaning: string;
  /** The meanings of the words that are given without a flag, in this order; of the last, `NAME…` is any number. */
  readonly operands: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, Option>>;
  /** The meanings of flags without a value. */
  readonly switches: Readonly<Record<string, string>>;
  /** The settings of which its help says more than that they are flags of every command. */
  readonly settings?: readonly Path[];
  /** The words behind `--`, in its usage, where those are another command. */
  readonly rest?: readonly string[];
  /** The cases in which it exits with 0, 1 and 2. */
  readonly exits: readonly [string, string, string];
  /** And with others. */
  readonly otherExits?: Readonly<Record<number, string>>;
}

const WRITTEN_WRONGLY = 'a flag, setting or argument was written wrongly';

export const commands = {
  start: {
    meaning: 'Start the proxy (without a command, too)',
    operands: {},
    options: {},
    switches: {},
    exits: [
      'it was stopped as asked, by `SIGTERM`, `SIGINT` or a terminal that closed',
      'it could not listen, or a second signal stopped it at once',
      `${WRITTEN_WRONGLY}, or a file is none of Refrain's`,
    ],
  },
  run: {
    meaning: 'Run a command behind a proxy of its own: -- COMMAND ARG…',
    operands: {},
    options: running,
    switches: {},
    settings: ['cassette', 'offline', 'record', 'recordErrors', 'redact', 'redactPattern', 'upstream'],
    rest: ['--', 'COMMAND', '[ARG]...'],
    exits: ['the command did', 'the command did', 'the command did'],
    otherExits: {
      3: 'the command ended with 0, under `--strict`, and something was unrecorded',
      125: `Refrain failed, or ${WRITTEN_WRONGLY}`,
      126: 'the command cannot be executed',
      127: 'the command was not found',
      128: 'and N more: signal N ended the command',
    },
  },
  open: {
    meaning: 'Show the page of a proxy that runs in a browser',
    operands: {},
    options: reaching,
    switches: {},
    exits: ['shown', 'no proxy runs, or no browser could be opened', WRITTEN_WRONGLY],
  },
  watch: {
    meaning: 'Show a proxy at work: rate, hits, dollars, slowest',
    operands: {},
    options: reaching,
    switches: {},
    exits: ['ended, by Ctrl+C or a signal', 'no proxy runs', WRITTEN_WRONGLY],
  },
  stats: {
    meaning: 'Show what was asked, what it cost and what it saved',
    operands: {},
    options: { ...summing, ...reaching },
    switches: json,
    exits: ['shown', 'there is neither a proxy nor a file to read it from', WRITTEN_WRONGLY],
  },
  ls: {
    meaning: 'List the answers that are kept',
    operands: {},
    options: { ...finding, ...paging, ...reaching },
    switches: json,
    exits: ['listed, be it none', 'there is neither a proxy nor a file to read it from', WRITTEN_WRONGLY],
  },
  show: {
    meaning: 'Show a kept answer and what was asked for it',
    operands: key,
    options: reaching,
    switches: { curl: 'Print a curl command that asks the same', ...json },
    exits: ['shown', 'KEY names no answer or several, or nothing to read from', WRITTEN_WRONGLY],
  },
  rm: {
    meaning: 'Delete a kept answer',
    operands: key,
    options: reaching,
    switches: json,
    exits: ['deleted', 'KEY names no answer or several, or no proxy runs', WRITTEN_WRONGLY],
  },
  purge: {
    meaning: 'Delete all answers that the flags choose',
    operands: {},
    options: { ...choosing, ...reaching },
    switches: {
      all: 'Every answer',
      includeUnjudged: 'With --text: answers without a kept question too',
      dryRun: 'Only count',
      yes: 'Do not ask before deleting more than one',
      ...json,
    },
    exits: [
      'deleted, or counted by `--dry-run`',
      'no proxy runs, you said no, or answers are left that `--text` could not judge',
      `${WRITTEN_WRONGLY}, or \`--yes\` is missing where there is no terminal`,
    ],
  },
  warm: {
    meaning: 'Ask all requests of a file, so that they are hits later',
    operands: { 'FILE.jsonl': 'Lines of {"custom_id", "method", "url", "body"}, as of the Batch API' },
    options: warming,
    switches: {},
    exits: [
      'all are answered, and one of them, asked again, is a hit',
      'one failed or is not kept, it was stopped, or nobody could be asked',
      `${WRITTEN_WRONGLY}, or a line of the file was`,
    ],
  },
  reload: {
    meaning: 'Have a proxy that runs take over changed settings',
    operands: {},
    options: reaching,
    switches: json,
    exits: ['taken over, or listed for a restart', 'no proxy runs', `${WRITTEN_WRONGLY}, there too: all is as it was`],
  },
  doctor: {
    meaning: 'Check settings, proxy, upstream, files and machine',
    operands: {},
    options: trying,
    switches: json,
    exits: ['nothing failed', 'something failed', 'a flag was written wrongly'],
  },
  cassette: {
    meaning: 'Look into a cassette: ls, show, prune, import, export',
    operands: cassetteWords,
    options: importing,
    switches: { dryRun: 'Change nothing', yes: 'Do not ask before pruning', ...json },
    settings: ['redact', 'redactPattern'],
    exits: [
      'done, and nothing was left out',
      'something was left out, or it could not be done, or you said no',
      `${WRITTEN_WRONGLY}, or a file is not what it is taken for`,
    ],
  },
  explain: {
    meaning: 'Say why two requests share an answer or not',
    operands: files,
    options: reaching,
    switches: json,
    exits: ['one answer serves both', 'they share none', `${WRITTEN_WRONGLY}, or a file or key cannot be used`],
  },
  completion: {
    meaning: 'Print what makes a shell complete commands and flags',
    operands: { SHELL: 'bash, zsh or fish' },
    options: {},
    switches: {},
    exits: ['printed', 'never', 'SHELL was written wrongly'],
  },
} as const satisfies Record<string, CommandForm>;

export type CommandName = keyof typeof commands;

export const commandNames = Object.keys(commands) as readonly CommandName[];

export function formOf(name: CommandName): CommandForm {
  return commands[name];
}

/** The options of a command that were given. */
export type Given<Name extends CommandName> = {
  readonly [At in keyof (typeof commands)[Name]['options']]?: (typeof commands)[Name]['options'][At] extends Option<
    infer Value
  >
    ? Value
    : never;
};

/** The criteria that were given. */
export type PurgeFlags = { readonly [At in keyof typeof choosing]?: Given<'purge'>[At] };
/** The requests that are to be summed up. */
export type SummedFlags = { readonly [At in keyof typeof summing]?: Given<'stats'>[At] };
export type ListFlags = { readonly [At in keyof typeof finding]?: Given<'ls'>[At] };
