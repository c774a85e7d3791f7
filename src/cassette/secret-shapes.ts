/**
 * The shapes of secrets: keys of known services, tokens, private keys, and values that stand under a name such as
 * `password`. Placeholders have none.
 *
 * Each expression repeats one class of characters at a time, with a bound, so that a search takes linear time.
 */

interface SecretShape {
  readonly kind: string;
  /** With the flag `g`; a group named `value` is what is looked at, else all of it. */
  readonly pattern: RegExp;
  /** A further test of the value; absent where the shape alone is enough. */
  readonly isSecret?: (value: string) => boolean;
}

/** Nothing of a longer word. */
const START = '(?<![A-Za-z0-9])';

const fixed = (kind: string, body: string): SecretShape => ({ kind, pattern: new RegExp(START + body, 'g') });
const random = (kind: string, body: string): SecretShape => ({ ...fixed(kind, body), isSecret: looksRandom });

export const SECRET_SHAPES: readonly SecretShape[] = [
  random('a key of Anthropic', 'sk-ant-[A-Za-z0-9_-]{20,300}'),
  random('an API key (sk-…)', 'sk-(?!ant-)[A-Za-z0-9_-]{20,300}'),
  random('a key of AWS', '(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])'),
  random('a key of Google', 'AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9])'),
  random('a token of GitHub', '(?:gh[opsur]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{40,255})'),
  random('a token of GitLab', 'glpat-[A-Za-z0-9_-]{20,100}'),
  random('a token of Slack', 'xox[abeoprs]-[A-Za-z0-9-]{16,255}'),
  random('a key of Stripe', '[rs]k_live_[A-Za-z0-9]{20,255}'),
  random('a token of Hugging Face', 'hf_[A-Za-z0-9]{30,100}'),
  random('a key of Groq', 'gsk_[A-Za-z0-9]{40,100}'),
  random('a key of xAI', 'xai-[A-Za-z0-9]{40,200}'),
  random('a token of npm', 'npm_[A-Za-z0-9]{36}'),
  fixed('a JSON Web Token', 'eyJ[A-Za-z0-9_-]{8,4000}\\.eyJ[A-Za-z0-9_-]{8,8000}\\.[A-Za-z0-9_-]{16,2000}'),
  {
    kind: 'a private key',
    pattern: /-----BEGIN (?:[A-Z0-9]{1,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----[^-]{0,400}[A-Za-z0-9+/]{32}/g,
  },
  {
    kind: 'a bearer token',
    pattern: new RegExp(`${START}[Bb]earer {1,4}(?<value>[A-Za-z0-9._~+/-]{16,4000})`, 'g'),
    isSecret: looksRandom,
  },
];

const NAME = '(?<name>[A-Za-z][A-Za-z0-9_-]{1,40})';

/** `password: "hunter2"` and the like in a text: the name with its mark, then the value in quotes. */
const QUOTED_MEMBER = new RegExp(
  `${START}${NAME}\\\\?["']? {0,4}[:=] {0,4}\\\\?["'](?<value>[^"'\\s\\\\]{6,400})\\\\?["']`,
  'g',
);

/** `AWS_SECRET_ACCESS_KEY=…` as a shell and files of variables have it. */
const ASSIGNMENT = new RegExp(
  `${START}${NAME} {0,2}[:=] {0,2}(?<value>[A-Za-z0-9+/_=-]{16,400})(?![A-Za-z0-9([.])`,
  'g',
);

/** A part of each shape: few texts have one, and they alone are searched. */
const MAY_HAVE_SHAPE = new RegExp(
  [
    'sk-|A[KS]IA[A-Z2-7]{16}|AIza|gh[opsur]_|github_pat_|glpat-|xox[a-z]-|[rs]k_live_|hf_[A-Za-z0-9]{30}',
    'gsk_|xai-|npm_[A-Za-z0-9]{30}|eyJ|-----BEGIN|earer ',
  ].join('|'),
);

/** The kind of secret that a text has in it; null where it has none. */
export function secretIn(text: string): string | null {
  if (text.length < SHORTEST) return null;
  return (MAY_HAVE_SHAPE.test(text) ? shapedSecretIn(text) : null) ?? namedSecretIn(text);
}

function shapedSecretIn(text: string): string | null {
  for (const { kind, pattern, isSecret } of SECRET_SHAPES) {
    for (const match of text.matchAll(pattern)) {
      const value = match.groups?.['value'] ?? match[0];
      if (isSecret === undefined || isSecret(value)) return kind;
    }
  }
  return null;
}

/** No secret is shorter with its name or its mark. */
const SHORTEST = 12;

const MAY_NAME_SECRET =
  /(?:key|token|secret|passw(?:or)?d|passphrase|credential|authorization|bearer)["'\\]{0,2} {0,4}[:=]/i;

function namedSecretIn(text: string): string | null {
  if (!MAY_NAME_SECRET.test(text)) return null;
  for (const { groups: { name = '', value = '' } = {} } of text.matchAll(QUOTED_MEMBER)) {
    const kind = secretUnderName(name, value);
    if (kind !== null) return kind;
  }
  for (const { groups: { name = '', value = '' } = {} } of text.matchAll(ASSIGNMENT)) {
    if (secretUnderName(name, value) !== null && looksRandom(value)) return kindOf(name);
  }
  return null;
}

/** The ends of names that say that a value is a secret; names are compared in lower case without `-` and `_`. */
const SECRET_NAMES = [
  ...['apikey', 'secretkey', 'accesskey', 'accesskeyid', 'privatekey', 'signingkey', 'secret'],
  ...['password', 'passwd', 'passphrase', 'authorization', 'credential', 'credentials'],
  ...['accesstoken', 'refreshtoken', 'authtoken', 'idtoken', 'sessiontoken', 'bearertoken'],
];
const SECRET_NAME = new RegExp(`(?:${SECRET_NAMES.join('|')})$`);

/** `token` is a word of models as well. */
const TOKEN_NAME = /^(?:token|[a-z]{0,20}token)$/;

/** @returns the kind of secret that the value of a member with this name is; null where it is none */
export function secretUnderName(name: string, value: string): string | null {
  const plain = name.toLowerCase().replaceAll(/[-_]/g, '');
  const isNamed = SECRET_NAME.test(plain) ? looksKept(value) : TOKEN_NAME.test(plain) && looksRandom(value);
  return isNamed ? kindOf(name) : null;
}

function kindOf(name: string): string {
  return `a value of ${name.slice(0, 40)}`;
}

/** A value that a person could keep secret: one word that is neither a placeholder nor a word of schemas. */
function looksKept(value: string): boolean {
  if (value.length < 6 || value.length > 4000 || /\s/.test(value.replace(/^(?:Bearer|Basic|Token) /i, '')))
    return false;
  return !isPlaceholder(value) && !SCHEMA_WORD.test(value);
}

const SCHEMA_WORDS = [
  ...['string', 'number', 'integer', 'boolean', 'object', 'array', 'text', 'uuid', 'date-time', 'required'],
  ...['optional', 'nullable', 'unknown', 'undefined', 'hidden', 'private', 'public', 'bearer', 'basic', 'oauth2?'],
  ...['openidconnect', 'include', 'omit', 'same-origin', 'api_?key', 'password', 'secret', 'token', 'credentials?'],
  'authorization',
];
const SCHEMA_WORD = new RegExp(`^(?:${SCHEMA_WORDS.join('|')})$`, 'i');

/** A value that nobody types: long, of two classes of characters at least, and of many characters. */
function looksRandom(value: string): boolean {
  if (value.length < 16 || isPlaceholder(value)) return false;
  const classes = [/[a-z]/, /[A-Z]/, /[0-9]/].filter((each) => each.test(value)).length;
  const isOneRun = /[A-Za-z0-9]{14}/.test(value);
  return (
    new Set(value.slice(0, 200)).size >= 8 && (classes === 3 || (classes === 2 && isOneRun && /[0-9]/.test(value)))
  );
}

/** Words of placeholders, between marks or at an end. */
const PLACEHOLDER_WORDS = [
  ...['your', 'my', 'tests?', 'testing', 'example', 'sample', 'dummy', 'fake', 'mock', 'placeholder', 'changeme'],
  ...['redacted', 'insert', 'replace', 'none', 'null', 'todo', 'unused', 'not-needed', 'xxx+'],
];
const PLACEHOLDER_WORD = new RegExp(`(?:^|[^a-z])(?:${PLACEHOLDER_WORDS.join('|')})(?:[^a-z]|$)`, 'i');

/** References to a place where the secret is: `${API_KEY}`, `<token>`, `{{key}}`, `%s`, a variable's name in code. */
const REFERENCES = [
  ...['\\$', '<.*>$', '\\{.*\\}$', '\\[.*\\]$', '%', '(?:process|import\\.meta)\\.env', 'os\\.(?:environ|getenv)'],
  ...['secrets?\\.', 'env[.[(:]'],
];
const REFERENCE = new RegExp(`^(?:Bearer |Basic |Token )?(?:${REFERENCES.join('|')})`, 'i');

const REPEATED = /(?:(.)\1{5}|x{4}|\*{3}|\.{3}|…|EXAMPLE|0123456789|123456789|abcdefgh)/;

export function isPlaceholder(value: string): boolean {
  return PLACEHOLDER_WORD.test(value) || REFERENCE.test(value) || REPEATED.test(value);
}
