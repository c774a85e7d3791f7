/**
 * The caller of a request, and the scope of its answers. Nobody shares an answer
 * with anybody unless the operator has declared it, so a caller's scope is a
 * digest of the credential that it shows; only a declared scope has a name. No
 * header of a request can name its way into another's scope.
 */
import { createHash, createHmac, createSecretKey } from 'node:crypto';
import { type HeaderFields, valuesOf } from './header-fields.ts';
import { createMatcher } from './name-list.ts';

declare const scopeBrand: unique symbol;

/** The callers that may share an answer. Made here alone, so that no fingerprint can be taken without one. */
export type Scope = string & { readonly [scopeBrand]: true };

/** Headers that say who asks, and on whose account. */
export const CREDENTIALS = ['authorization', 'api-key', 'x-api-key'] as const;
export const ACCOUNTS = ['openai-organization', 'openai-project'] as const;

/**
 * Headers in which gateways take a credential of theirs: Google, Azure API Management, Kong, LiteLLM, Portkey,
 * Helicone, Cloudflare. They are in the key, and what an upstream says of who shows one holds for that one alone.
 */
export const GATEWAY_CREDENTIALS = [
  'x-goog-api-key',
  'ocp-apim-subscription-key',
  'apikey',
  'x-litellm-api-key',
  'x-litellm-key',
  'x-portkey-api-key',
  'helicone-auth',
  'cf-aig-authorization',
] as const;

/**
 * Headers by which the sign-on proxies in use name their user, or carry his token: oauth2-proxy, nginx, Apache,
 * Authelia, Pangolin, Kubernetes, authentik, Cloudflare Access, AWS ALB, Google IAP, Pomerium, Azure App Service,
 * Tailscale, Envoy, Teleport.
 */
export const USER_HEADERS: readonly string[] = [
  'x-forwarded-user',
  'x-forwarded-email',
  'x-forwarded-groups',
  'x-forwarded-preferred-username',
  'x-forwarded-access-token',
  'x-forwarded-client-cert',
  'x-auth-request-*',
  'x-remote-user',
  'x-remote-group',
  'x-remote-extra-*',
  'remote-user',
  'remote-email',
  'remote-groups',
  'remote-role',
  'remote-name',
  'x-authentik-*',
  'x-webauth-*',
  'teleport-jwt-assertion',
  'cf-access-*',
  'x-amzn-oidc-*',
  'x-goog-authenticated-user-*',
  'x-goog-iap-jwt-assertion',
  'x-pomerium-*',
  'x-ms-client-principal*',
  'x-ms-token-*',
  'tailscale-user-*',
];

/** @param names as `scope.headers` has them; `default` stands for `USER_HEADERS` */
export function createUserHeaders(names: readonly string[]): (name: string) => boolean {
  return createMatcher(names.flatMap((name) => (name === 'default' ? USER_HEADERS : name)));
}

/** @returns whether a header is in the scope of its caller, and so in the key in no other way */
export function createScopeHeaders(isUser: (name: string) => boolean): (name: string) => boolean {
  const known: ReadonlySet<string> = new Set([...CREDENTIALS, ...ACCOUNTS]);
  return (name) => known.has(name) || isUser(name);
}

/** A scope that the operator declares: its name and who is in it. */
export interface SharedScope {
  readonly name: string | null;
  /** `sha256:<hex>` digests of credentials, or `*` for every caller. */
  readonly members: readonly string[];
}

/** How callers are told apart. */
export interface CallerRules {
  readonly shared: SharedScope;
  /** Tests whether a header names a user of a sign-on proxy. */
  readonly isUser: (name: string) => boolean;
  /** Tests whether a header is in no key. */
  readonly isIgnoredHeader: (name: string) => boolean;
  /** Keyed by the secret of this proxy, so that a stored scope is no test of a guessed credential; hexadecimal. */
  readonly digestOf: (text: string) => string;
}

/** @param secret of this proxy */
export function createDigest(secret: Buffer): (text: string) => string {
  const key = createSecretKey(secret);
  return (text) => createHmac('sha256', key).update(text).digest('hex');
}

export interface Caller {
  readonly scope: Scope;
  /**
   * A digest of the credential alone, whichever header shows it and whatever account is named beside it: what an
   * upstream says of the one holds for every spelling. Null where none is shown.
   */
  readonly credential: string | null;
  /** The words of a sign-on proxy on the user, by header. */
  readonly users: ReadonlyMap<string, string>;
}

/**
 * One who was refused must not get the hits of a shared scope by showing anything beside his credential: a member shows
 * those of members alone, and a gateway's that is in no key names nobody who shows another.
 * @returns the caller of a request by its header fields
 */
export function createCallers({ shared, isUser, isIgnoredHeader, digestOf }: CallerRules) {
  const open = shared.members.includes('*');
  const isMember = (fields: HeaderFields) => open || areMembers(credentialsOf(fields, CREDENTIALS), shared.members);
  const naming = [...CREDENTIALS, ...GATEWAY_CREDENTIALS.filter((name) => !isIgnoredHeader(name))];
  const namesOf = (fields: HeaderFields) => {
    const shown = credentialsOf(fields, naming);
    return shown.length > 0 ? shown : credentialsOf(fields, GATEWAY_CREDENTIALS);
  };
  return (fields: HeaderFields): Caller => {
    const shown = [...CREDENTIALS, ...ACCOUNTS].map((name) => valuesOf(fields, name));
    const users = [...fields].filter(([name]) => isUser(name)).sort(([a], [b]) => (a < b ? -1 : 1));
    const digest = digestOf(JSON.stringify(users.length === 0 ? shown : [...shown, users]));
    const scope = shared.name !== null && isMember(fields) ? `shared:${shared.name}` : `private:${digest}`;
    return {
      scope: scope as Scope,
      credential: credentialDigest(namesOf(fields), digestOf),
      users: new Map(users.map(([name, values]) => [name, values.join()])),
    };
  };
}

/** The scope of what a cassette holds, whoever asks; no other store has it. */
export const CASSETTE_SCOPE = 'cassette' as Scope;

/** Tests whether callers with different credentials may have this scope. */
export function isShared(scope: Scope): boolean {
  return scope.startsWith('shared:') || scope === CASSETTE_SCOPE;
}

/**
 * A scope as people read it: `shared:NAME`, or `private:` and the first 12 digits: enough to tell callers apart, too
 * little to test a guess by.
 */
export function scopeLabel(scope: string): string {
  return scope.startsWith('private:') ? scope.slice(0, 'private:'.length + 12) : scope;
}

/** The credentials as a person would paste them: without the `Bearer` scheme. */
function credentialsOf(fields: HeaderFields, names: readonly string[]): string[] {
  return names.flatMap((name) => valuesOf(fields, name)).map((value) => value.replace(/^Bearer +/i, ''));
}

function credentialDigest(texts: readonly string[], digestOf: (text: string) => string): string | null {
  return texts.length === 0 ? null : digestOf(JSON.stringify(['credential', ...new Set(texts)].sort()));
}

function areMembers(credentials: readonly string[], members: readonly string[]): boolean {
  return credentials.length > 0 && credentials.every((text) => members.includes(memberOf(text)));
}

function memberOf(credential: string): string {
  return `sha256:${createHash('sha256').update(credential).digest('hex')}`;
}
