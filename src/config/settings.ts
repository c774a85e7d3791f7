/**
 * The table of settings: which there are, what each may be and what it means.
 * Flags, variables, the type `Config`, --help, .env.example and the table in
 * the documentation all come from it. The defaults stand in config/default.json.
 */
import type { z } from 'zod';
import {
  host,
  oneOf,
  optionalFile,
  port,
  samples,
  scopeName,
  secretDigits,
  storeFile,
  token,
  yesOrNo,
} from './value-types.ts';
import { pace } from './pace.ts';
import { redisNodes } from './redis-nodes.ts';
import {
  bypassed,
  hostNames,
  ignored,
  included,
  kept,
  keptBefore,
  members,
  patterns,
  redacted,
  scopeHeaders,
} from './lists.ts';
import { autoOr, bytes, count, duration, lifetime, offOr, timeout, wait } from './quantities.ts';
import { flagName, SECRET_FILE, type Setting, variableName } from './setting.ts';
import { baseUrl, dialect, doneMarker, forms, namedUpstreams, noStore } from './upstreams.ts';

export const settings = {
  'host': { ...host, meaning: 'Address that the API listens on' },
  'port': { ...port, meaning: 'Port that the API listens on; 0 takes any free one' },
  'admin.host': { ...host, meaning: 'Address that the admin API listens on' },
  'admin.port': { ...port, meaning: 'Port that the admin API listens on; 0 takes any free one' },
  'admin.hosts': { ...hostNames, meaning: 'Names by which the admin API may be asked, beside loopback' },
  'admin.token': { ...token, meaning: 'Bearer token of the admin API, needed beyond loopback' },
  'tls.cert': { ...optionalFile, meaning: 'Certificate in PEM that both listeners show; off: plain HTTP' },
  'tls.key': { ...optionalFile, meaning: 'Key of that certificate, in PEM' },
  'upstream': { ...baseUrl, meaning: 'Base URL of the API that is asked' },
  'upstreams': {
    ...namedUpstreams,
    fileOnly: true,
    meaning: 'Further base URLs by name, the first segment of a request path',
  },
  'dialect': { ...dialect, meaning: 'What upstream may answer by; auto is by its host' },
  'doneMarker': { ...doneMarker, meaning: 'Whether a stream must end in data: [DONE] to be kept; auto is by dialect' },
  'noStore': { ...noStore, meaning: 'Whether no-store in an answer leaves it unkept' },
  'forms': { ...forms, meaning: 'Which answers are made from another form; auto is by dialect' },
  'memory.bytes': { ...bytes, meaning: 'Most that the answers kept in memory take; 0 keeps none there' },
  'store.path': { ...storeFile, meaning: 'File of the answers on disk; auto: of the project, or the user' },
  'store.bytes': { ...bytes, meaning: 'Most that the answers kept on disk take' },
  'store.prompts': { ...yesOrNo, meaning: 'Whether what was asked is kept with its answer' },
  'store.encrypt': { ...oneOf('off', 'secret'), meaning: 'Whether stored answers are encrypted, by the secret' },
  'cassette': { ...optionalFile, meaning: 'File of recorded answers that is the store, or off' },
  'offline': { ...yesOrNo, meaning: 'Whether no upstream is ever asked' },
  'record': { ...oneOf('new', 'all', 'none', 'sequence'), meaning: 'Which answers a cassette takes in' },
  'recordErrors': { ...yesOrNo, meaning: 'Whether a cassette takes in errors too' },
  'redact': {
    ...redacted,
    isRepeatable: true,
    meaning: 'Parts of requests and answers that a cassette takes in as REDACTED',
  },
  'redactPattern': { ...patterns, isRepeatable: true, meaning: 'Texts, by a regular expression, that it takes in so' },
  'redis': { ...redisNodes, meaning: 'Redis or Valkey that several proxies share: URLs, or off' },
  'secret': { ...secretDigits, meaning: 'Secret by which callers are told apart; the same in all of a fleet' },
  'secretFile': { ...optionalFile, meaning: 'File of that secret; off makes one beside the store' },
  'workers': { ...autoOr(count), meaning: 'How many processes answer requests; auto: one per core' },
  'ttl': { ...lifetime, meaning: 'How long an answer is kept; 0 keeps nothing, inf for ever' },
  'maxTtl': { ...lifetime, meaning: 'Upper bound of ttl and of what x-refrain-ttl asks for' },
  'stale.revalidate': { ...offOr(lifetime), meaning: 'How long beyond its ttl an answer is served and refreshed' },
  'stale.error': { ...offOr(lifetime), meaning: 'How long beyond its ttl an answer is served if the upstream fails' },
  'stale.keep': {
    ...autoOr(lifetime),
    meaning: 'How long beyond its ttl an answer stays; auto: longer of both',
  },
  'maxEntryBytes': { ...bytes, meaning: 'Largest answer that is kept; a larger one is only relayed' },
  'maxKeyedBytes': { ...bytes, meaning: 'Largest request body that is cached; a larger one is only relayed' },
  'maxRequestBytes': { ...bytes, meaning: 'Largest request body that is accepted on cached endpoints' },
  'cache': { ...oneOf('all', 'deterministic', 'off'), meaning: 'Which requests are cached' },
  'samples': { ...samples, meaning: 'How many answers of their own equal requests get' },
  'pace': { ...pace, meaning: 'How fast a stored answer is played: instant, recorded or N/s' },
  'items': { ...oneOf('on', 'off'), meaning: 'Whether a list of inputs is answered input by input' },
  'sse.noStore': { ...oneOf('obey', 'ignore'), meaning: 'Whether no-store of a reader of streams counts' },
  'bypass': { ...bypassed, meaning: 'Requests that are never cached: searches, and further fields and models' },
  'keep': {
    ...kept,
    meaning: 'Answers kept although they end early or say nothing',
    former: { path: 'incomplete', ...keptBefore },
  },
  'scope.shared': { ...scopeName, meaning: 'Name of a scope whose members share their answers' },
  'scope.members': { ...members, meaning: 'Members of that scope: digests of their credentials, or * for all' },
  'scope.headers': { ...scopeHeaders, meaning: 'Headers by which a sign-on proxy names its user' },
  'auth.recheck': { ...offOr(duration), meaning: 'When a credential is asked about again that has hits; 0 is always' },
  'key.ignore': { ...ignored, meaning: 'Parts of a request that are left out of its key' },
  'key.include': { ...included, meaning: 'Parts that are in the key all the same' },
  'onAbandon': { ...oneOf('abort', 'finish'), meaning: 'What becomes of a running answer that all have left' },
  'flight.takeoverAfter': {
    ...timeout,
    meaning: 'How long a first byte is waited for before one asks anew',
    former: { path: 'flight.patience', ...timeout },
  },
  'heartbeat': { ...offOr(timeout), meaning: 'How often a silent stream gets a comment, or off' },
  'limits.flights': { ...count, meaning: 'Most upstream calls at a time' },
  'limits.listeners': { ...count, meaning: 'Most requests at a time that wait for upstream calls' },
  'limits.bytes': { ...bytes, meaning: 'Most that answers on their way hold; beyond it none is kept' },
  'limits.requestBytes': { ...bytes, meaning: 'Most that bodies of requests hold; beyond it they are relayed' },
  'timeouts.connect': { ...timeout, meaning: 'Longest wait for a connection to the upstream' },
  'timeouts.firstByte': { ...timeout, meaning: 'Longest wait for the first byte of an answer' },
  'timeouts.idle': { ...timeout, meaning: 'Longest wait between two pieces of an answer' },
  'timeouts.drain': { ...wait, meaning: 'Longest wait for running answers when Refrain stops' },
  'logLevel': {
    ...oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    meaning: 'Lowest level logged',
  },
  'logFormat': {
    ...oneOf('auto', 'human', 'json'),
    meaning: 'Form of log lines; auto is human on a terminal',
  },
} as const satisfies Record<string, Setting>;

/** The place of a setting in the JSON file, with dots between. */
export type Path = keyof typeof settings;

type Values = { readonly [At in Path]: z.output<(typeof settings)[At]['schema']> };

/** Paths with a dot become objects: `memory.bytes` is `{ memory: { bytes } }`. */
type Nested<Flat> = {
  readonly [At in keyof Flat as At extends `${infer Group}.${string}`
    ? Group
    : At]: At extends `${infer Group}.${string}`
    ? { readonly [In in keyof Flat as In extends `${Group}.${infer Leaf}` ? Leaf : never]: Flat[In] }
    : Flat[At];
};

/** A value for every setting of the table, in the shape of the JSON file. */
export interface Settings extends Nested<Values> {}

export const paths = Object.keys(settings) as readonly Path[];

/** The settings that a flag or a variable can give. */
export const textPaths = paths.filter((path) => settingAt(path).fileOnly === undefined);

/** The flag and the variable that name a JSON file of settings. */
export const FILE_FLAG = 'config';
export const FILE_VARIABLE = variableName(FILE_FLAG);
export const FILE_MEANING = 'JSON file of settings';

/** Names that settings had before, which flags, variables and the file may still use. */
export const formerPaths: readonly string[] = paths.flatMap((path) => settingAt(path).former?.path ?? []);

export const flagNames: readonly string[] = textPaths.map(flagName);

const plainNames = textPaths.map(variableName);

/** The variables that name files with secrets in them; that of `secret` is a setting itself. */
export const secretFileNames: readonly string[] = textPaths
  .filter((path) => settingAt(path).secret)
  .map((path) => variableName(path) + SECRET_FILE)
  .filter((name) => !plainNames.includes(name));

export const variableNames: readonly string[] = [FILE_VARIABLE, ...plainNames, ...secretFileNames];

export function settingAt(path: Path): Setting {
  return settings[path];
}
