/**
 * The upstreams: a base URL, and further ones by name. A name is the
 * first segment of a request's path, so no path of OpenAI's own may begin with
 * it.
 */
import { z } from 'zod';
import { DIALECTS, FORM_MODES } from '../dialect.ts';
import { ENDPOINTS } from '../endpoint.ts';
import { oneOf } from './value-types.ts';
import type { ValueType } from './setting.ts';

const URL_ALLOWED = 'an http or https URL without credentials, query and fragment';

/** A normalised URL without a slash at its end. */
export const baseUrl: ValueType<string> = {
  schema: z
    .string({ error: URL_ALLOWED })
    .refine(isNoEndpoint, {
      error: ({ input }) => `${baseOf(String(input))}, without the path of an endpoint`,
      abort: true,
    })
    .refine(isBaseUrl, { error: URL_ALLOWED, abort: true })
    .transform(normalise),
  allowed: URL_ALLOWED,
};

/** The paths that a request adds to a base URL, easily copied from an example together with it. */
const ENDPOINT_PATHS = [
  'chat/completions',
  ...ENDPOINTS.filter((endpoint) => endpoint !== 'chat'),
  'models',
  '(images|audio)/\\w+',
  'files',
  'batches',
];
const ENDPOINT = new RegExp(`/(${ENDPOINT_PATHS.join('|')})$`, 'i');

/** The dialect that an upstream reads; `auto` is by its host. */
export const dialect = oneOf('auto', ...DIALECTS);

/** `required` where a stream ends with `data: [DONE]`, and without it is not kept; `auto` is by the dialect. */
export const doneMarker = oneOf('auto', 'required', 'optional');

/** `obey` where an answer is left unkept because its upstream forbids to store it. */
export const noStore = oneOf('obey', 'ignore');

/** The answers that are made from another form of them; `auto` is by the dialect. */
export const forms = oneOf('auto', ...FORM_MODES);

export interface NamedUpstream {
  readonly url: string;
  readonly dialect: z.output<typeof dialect.schema>;
  /** Null, like the next: as the setting of this name says for all. */
  readonly doneMarker: z.output<typeof doneMarker.schema> | null;
  readonly noStore: z.output<typeof noStore.schema> | null;
  readonly forms: z.output<typeof forms.schema> | null;
}

/**
 * First segments of OpenAI's and Azure's paths, those with an underscore aside:
 * no name can hold one.
 */
const TAKEN: readonly string[] = (
  'v1 openai deployments engines agents assistants audio batches chat chatkit completions containers conversations ' +
  'decisions edits embeddings evals files fine-tunes images live models moderations organization projects realtime ' +
  'responses safety skills threads uploads videos'
).split(' ');

const name = z.string().refine((text) => /^[a-z0-9][a-z0-9-]*$/.test(text) && !TAKEN.includes(text), {
  error: 'lower-case letters, digits and hyphens, but no first segment of an OpenAI path such as v1 or chat',
});

const named = z.strictObject(
  {
    url: baseUrl.schema,
    dialect: dialect.schema.default('auto'),
    doneMarker: doneMarker.schema.nullable().default(null),
    noStore: noStore.schema.nullable().default(null),
    forms: forms.schema.nullable().default(null),
  },
  { error: 'a base URL, or an object with url and perhaps dialect, doneMarker, noStore and forms' },
);

/** A name for the upstream that a variable holds the base URL of: `groq` for `GROQ_BASE_URL`. */
export function upstreamNameOf(variable: string): string {
  const words = variable.toLowerCase().replaceAll('_', '-').replace(/^-+/, '');
  const short = words.replace(/-(base-url|api-base|url|endpoint)$/, '');
  return [short, words].find((word) => name.safeParse(word).success) ?? `${words}-upstream`;
}

export const namedUpstreams: ValueType<Readonly<Record<string, NamedUpstream>>> = {
  schema: z
    .record(
      name,
      z.preprocess((value) => (typeof value === 'string' ? { url: value } : value), named),
    )
    .transform(withoutPrototype),
  allowed: 'an object of base URLs by name',
};

/** A request's path may begin with any word, `constructor` too: it must find nothing. */
function withoutPrototype<Value>(record: Record<string, Value>): Record<string, Value> {
  return Object.assign(Object.create(null), record);
}

/** Also with the query that an example of Azure's has, which its clients send with each request. */
function isNoEndpoint(text: string): boolean {
  const plain = withoutQuery(text);
  return !isBaseUrl(plain) || !ENDPOINT.test(new URL(plain).pathname.replace(/\/+$/, ''));
}

function baseOf(text: string): string {
  return normalise(withoutQuery(text)).replace(ENDPOINT, '').replace(/\/+$/, '');
}

function withoutQuery(text: string): string {
  return text.replace(/[?#].*$/s, '');
}

function isBaseUrl(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || /[?#]/.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

function normalise(text: string): string {
  return new URL(text).href.replace(/\/+$/, '');
}
