/**
 * The options of commands, in groups: those of a group belong to one work, which one command or several do.
 */
import { ENDPOINTS } from '../endpoint.ts';
import { bytes, count, duration } from './quantities.ts';
import type { Option } from './setting.ts';
import { keyVariables } from './upstream-keys.ts';
import { baseUrl } from './upstreams.ts';
import { environmentName, environmentNames, oneOf, text, yesOrNo } from './value-types.ts';
import { headerLines } from './warm-command.ts';

export const reaching = {
  url: { ...baseUrl, value: 'URL', meaning: 'Ask this admin API, not that of the settings' },
} as const satisfies Record<string, Option>;

/** Criteria of both `POST /purge` and `GET /entries`. */
export const choosing = {
  model: { ...text, value: 'NAME', meaning: 'Answers of this model' },
  endpoint: { ...oneOf(...ENDPOINTS), value: 'NAME', meaning: 'Answers of this endpoint' },
  scope: { ...text, value: 'LABEL', meaning: 'Answers of these callers: shared:NAME or private:DIGITS' },
  olderThan: { ...duration, value: 'TIME', meaning: 'Recorded longer ago than this, such as 45s, 30m, 12h or 7d' },
  newerThan: { ...duration, value: 'TIME', meaning: 'Recorded since then' },
  tag: { ...text, value: 'TAG', meaning: 'Answers that were asked for under this tag' },
  text: { ...text, value: 'TEXT', meaning: 'Answers to requests with this text in them' },
} as const satisfies Record<string, Option>;

export const finding = {
  ...choosing,
  minBytes: { ...bytes, value: 'SIZE', meaning: 'At least this large, such as 512KiB' },
  maxBytes: { ...bytes, value: 'SIZE', meaning: 'At most this large' },
  sort: { ...oneOf('newest', 'largest', 'most-used'), value: 'ORDER', meaning: 'Which come first' },
  cursor: { ...text, value: 'CURSOR', meaning: 'Go on where an earlier list ended' },
} as const satisfies Record<string, Option>;

/** The requests that are summed up. */
export const summing = {
  since: { ...duration, value: 'TIME', meaning: 'Of the time since then alone, such as 45m, 12h or 7d' },
  tag: { ...text, value: 'TAG', meaning: 'Of requests under this tag, counted by the hour' },
  scope: { ...text, value: 'LABEL', meaning: 'Of these callers: shared:NAME or private:DIGITS' },
  model: { ...text, value: 'NAME', meaning: 'Of requests for this model' },
} as const satisfies Record<string, Option>;

export const paging = {
  limit: { ...count, value: 'N', meaning: 'List at most this many, 50 if not said' },
} as const satisfies Record<string, Option>;

export const trying = {
  keys: {
    ...keyVariables,
    value: 'NAME=VARIABLE,…',
    meaning: 'Variables that hold keys of upstreams, to try a stream of each',
  },
  model: { ...text, value: 'NAME', meaning: 'Try streams with this model' },
} as const satisfies Record<string, Option>;

export const running = {
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

export const warming = {
  url: { ...baseUrl, value: 'URL', meaning: 'Ask this proxy, not that of the settings' },
  concurrency: { ...count, value: 'N', meaning: 'Ask so many at a time, 8 if not said' },
  output: { ...text, value: 'FILE.jsonl', meaning: 'Write the answers there, and go on where it ends' },
  keyEnv: { ...environmentName, value: 'NAME', meaning: 'Variable that holds the key, OPENAI_API_KEY if not said' },
  header: { ...headerLines, value: 'NAME:VALUE', isRepeatable: true, meaning: 'Send this header too; may be repeated' },
} as const satisfies Record<string, Option>;

export const key = { KEY: 'The 16 to 64 digits that ls and x-refrain-key give, perhaps with .json or .sse' } as const;

export const files = {
  'A.json': '{"path":"/v1/chat/completions","headers":{},"body":{}}',
  'B.json|KEY': 'Another such file, or the key of a kept answer, as ls and x-refrain-key give it',
} as const;

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];
export const shell = oneOf(...SHELLS);

export const json = { json: 'Print one JSON document and nothing else' } as const;
