/**
 * The meaning that a header or a field seems to have, by its name: who asks, which
 * conversation it is, what may choose the answer, or nothing but a label. Only
 * a label may be advised to be left out of the key: one value for each user,
 * session or model looks like a label too, and the advice would give the
 * answers of one to another.
 */
import { isCredential } from './confidential.ts';

export type FieldMeaning =
  | 'label'
  | 'openai-label'
  | 'cookie'
  | 'credential'
  | 'session'
  | 'caller'
  | 'choice'
  | 'readable';

const words = (...parts: readonly string[]) => new RegExp(parts.join('|'), 'i');

const CALLER = [
  'user',
  'tenant',
  'org',
  'account',
  'team',
  'customer',
  'client',
  'member',
  'owner',
  'mail',
  'person',
  'people',
  'group',
  'role',
  'compan',
  'workspace',
  'project',
  'principal',
  'identi(?!cal)',
  'login',
  'subject',
  'actor',
  'consumer',
  'profile',
  'device',
  'install',
  'employee',
  'student',
  'patient',
];
const CREDENTIAL = [
  'auth',
  'token',
  'secret',
  'passw',
  'credential',
  'jwt',
  'cert',
  'signature',
  '(?<!idempotency[-_]?|x-port)key',
];
const CHOICE = [
  'model',
  'deploy',
  'version',
  'rout',
  'provider',
  'region',
  'backend',
  'prompt',
  'template',
  'variant',
  'sample',
  'seed',
  'epoch',
  'experiment',
  'config',
  'policy',
  'guard',
  'language',
  'locale',
  'origin(?!al)',
];

/** In the order in which they are looked for, anywhere in a name. */
const NAMES: readonly (readonly [meaning: FieldMeaning, names: RegExp])[] = [
  ['cookie', words('cookie')],
  ['openai-label', words('^/prompt_cache_', '^/(?:client_)?metadata$', '^/input/\\*/id$')],
  ['session', words('session', 'thread', 'conversation', 'chat[-_]?id', 'affinity', 'x-codex-')],
  ['caller', words(...CALLER)],
  ['credential', words(...CREDENTIAL)],
  ['choice', words(...CHOICE)],
];

/**
 * @param name `header:NAME`, or the JSON Pointer of a field
 * @param isToken whether each of its values is a token that nobody reads
 */
export function meaningOf(name: string, isToken: boolean): FieldMeaning {
  const [named] = NAMES.find(([, names]) => names.test(name)) ?? [];
  if (named !== undefined) return named;
  if (isCredential(name) && !/idempotency[-_]?key$/i.test(name)) return 'credential';
  return isToken ? 'label' : 'readable';
}
