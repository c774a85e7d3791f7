/**
 * Whose answers these are. Nobody shares an answer with anybody unless the
 * operator has declared it, so a caller's scope is a digest of the credential
 * that it shows; only a declared scope has a name. No header of a request can
 * name its way into another's scope.
 */
import { createHash, createHmac, createSecretKey } from 'node:crypto';
import { type HeaderFields, valuesOf } from './header-fields.ts';

declare const scopeBrand: unique symbol;

/** Who may share an answer. Made here alone, so that no fingerprint can be taken without one. */
export type Scope = string & { readonly [scopeBrand]: true };

/** Headers that say who asks, and on whose account. */
export const CREDENTIALS = ['authorization', 'api-key', 'x-api-key'] as const;
export const ACCOUNTS = ['openai-organization', 'openai-project'] as const;

/** A scope that the operator declares: its name and who is in it. */
export interface SharedScope {
  readonly name: string | null;
  /** `sha256:<hex>` digests of credentials, or `*` for every caller. */
  readonly members: readonly string[];
}

export interface Caller {
  readonly scope: Scope;
  /** A digest of the credential and the account, also where the scope is shared. */
  readonly digest: string;
}

/**
 * @param secret keys the digest, so that a stored scope cannot be tested against guessed credentials
 * @returns the caller of a request by its header fields
 */
export function createCallers(secret: Buffer, shared: SharedScope): (fields: HeaderFields) => Caller {
  const key = createSecretKey(secret);
  const open = shared.members.includes('*');
  const isMember = (fields: HeaderFields) => open || credentialsOf(fields).some((text) => shared.members.includes(digestOf(text)));
  return (fields) => {
    const shown = [...CREDENTIALS, ...ACCOUNTS].map((name) => valuesOf(fields, name));
    const digest = createHmac('sha256', key).update(JSON.stringify(shown)).digest('hex');
    const scope = shared.name !== null && isMember(fields) ? `shared:${shared.name}` : `private:${digest}`;
    return { scope: scope as Scope, digest };
  };
}

/** Whether callers with different credentials may have this scope. */
export function isShared(scope: Scope): boolean {
  return scope.startsWith('shared:');
}

/** As people are told of it: `shared:NAME`, or `private:` and the first 12 digits: enough to tell callers apart, too little to test a guess by. */
export function scopeLabel(scope: string): string {
  return scope.startsWith('private:') ? scope.slice(0, 'private:'.length + 12) : scope;
}

/** The credentials as a person would paste them: without the `Bearer` scheme. */
function credentialsOf(fields: HeaderFields): string[] {
  return CREDENTIALS.flatMap((name) => valuesOf(fields, name)).map((value) => value.replace(/^Bearer +/i, ''));
}

function digestOf(credential: string): string {
  return `sha256:${createHash('sha256').update(credential).digest('hex')}`;
}
