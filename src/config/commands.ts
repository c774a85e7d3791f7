/**
 * The table of commands: which there are, what each takes, and how it exits.
 * The command line, every --help and the documentation's table of exit codes come
 * from it.
 */
import { ENDPOINTS } from '../endpoint.ts';
import { cassetteWords, importing } from './cassette-words.ts';
import { environmentName, environmentNames, oneOf, text, yesOrNo } from './value-types.ts';
import { bytes, count, duration } from './quantities.ts';
import type { Option } from './setting.ts';
import type { Path } from './settings.ts';
import { keyVariables } from './upstream-keys.ts';
import { baseUrl } from './upstreams.ts';
import { headerLines } from './warm-command.ts';

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

const reaching = {
  url: { ...baseUrl, value: 'URL', meaning: 'Ask this admin API, not that of the settings' },
} as const satisfies Record<string, Option>;

/** Criteria of both `POST /purge` and `GET /entries`. */
const choosing = {
  model: { ...text, value: 'NAME', meaning: 'Answers of this model' },
  endpoint: { ...oneOf(...ENDPOINTS), value: 'NAME', meaning: 'Answers of this endpoint' },
  scope: { ...text, value: 'LABEL', meaning: 'Answers of these callers: shared:NAME or private:DIGITS' },
  olderThan: { ...duration, value: 'TIME', meaning: 'Recorded longer ago than this, such as 45s, 30m, 12h or 7d' },
  tag: { ...text, value: 'TAG', meaning: 'Answers that were asked for under this tag' },
} as const satisfies Record<string, Option>;

const finding = {
  ...choosing,
  newerThan: { ...duration, value: 'TIME', meaning: 'Recorded since then' },
  text: { ...text, value: 'TEXT', meaning: 'Answers to requests with this text in them' },
  minBytes: { ...bytes, value: 'SIZE', meaning: 'At least this large, such as 512KiB' },
  maxBytes: { ...bytes, value: 'SIZE', meaning: 'At most this large' },
  sort: { ...oneOf('newest', 'largest', 'most-used'), value: 'ORDER', meaning: 'Which come first' },
  cursor: { ...text, value: 'CURSOR', meaning: 'Go on where an earlier list ended' },
} as const satisfies Record<string, Option>;

const paging = {
  limit: { ...count, value: 'N', meaning: 'List at most this many, 50 if not said' },
} as const satisfies Record<string, Option>;

const trying = {
  keys: {
    ...keyVariables,
    value: 'NAME=VARIABLE,…',
    meaning: 'Variables that hold keys of upstreams, to try a stream of each',
  },
  model: { ...text, value: 'NAME', meaning: 'Try streams with this model' },
} as const satisfies Record<string, Option>;

const running = {
  strict: {
    ...yesOrNo,
    value: 'VALUE',
    meaning: 'End with 3 if something was unrecorded and the command ended with 0; so where CI is set',
  },
  env: {
    ...environmentNames,
    value: 'NAME',
    isRepeatable: true,
    meaning: 'Give the command a base URL by this variable too; may be repeated',
  },
} as const satisfies Record<string, Option>;

const warming = {
  url: { ...baseUrl, value: 'URL', meaning: 'Ask this proxy, not that of the settings' },
  concurrency: { ...count, value: 'N', meaning: 'Ask so many at a time, 8 if not said' },
  output: { ...text, value: 'FILE.jsonl', meaning: 'Write the answers there, and go on where it ends' },
  keyEnv: { ...environmentName, value: 'NAME', meaning: 'Variable that holds the key, OPENAI_API_KEY if not said' },
  header: { ...headerLines, value: 'NAME:VALUE', isRepeatable: true, meaning: 'Send this header too; may be repeated' },
} as const satisfies Record<string, Option>;

const key = { KEY: 'The 16 to 64 digits that ls and x-refrain-key give, perhaps with .json or .sse' } as const;

const files = {
  'A.json': '{"path":"/v1/chat/completions","headers":{},"body":{}}',
  'B.json': 'Another such file',
} as const;

const json = { json: 'Print one JSON document and nothing else' } as const;

const WRITTEN_WRONGLY = 'a flag, setting or argument was written wrongly';

export const commands = {
  start: {
    meaning: 'Start the proxy (without a command, too)',
    operands: {},
    options: {},
    switches: {},
    exits: [
      'it was stopped as asked, by `SIGTERM`, `SIGINT` or `SIGHUP`',
      'it could not listen, or a second signal stopped it at once',
      `${WRITTEN_WRONGLY}, or a file is none of Refrain's`,
    ],
  },
  run: {
    meaning: 'Run a command behind a proxy of its own: -- COMMAND ARG…',
    operands: {},
    options: running,
    switches: {},
    settings: ['cassette', 'offline', 'record', 'recordErrors', 'upstream'],
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
  stats: {
    meaning: 'Show what was asked, what it cost and what it saved',
    operands: {},
    options: reaching,
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
    switches: json,
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
    switches: { all: 'Every answer', dryRun: 'Only count', yes: 'Do not ask before deleting more than one', ...json },
    exits: [
      'deleted, or counted by `--dry-run`',
      'no proxy runs, or you said no',
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
    options: {},
    switches: json,
    exits: ['one answer serves both', 'they share none', `${WRITTEN_WRONGLY}, or a file cannot be used`],
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
export type ListFlags = { readonly [At in keyof typeof finding]?: Given<'ls'>[At] };
