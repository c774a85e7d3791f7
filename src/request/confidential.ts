/**
 * Headers and parameters whose values are nowhere kept as they are: by what
 * their names say of them.
 */

const WHO = [
  'user',
  'username',
  'userid',
  'userinfo',
  'account',
  'consumer',
  'org',
  'organization',
  'tenant',
  'team',
  'groups?',
  'email',
  'auth',
  'authorization',
  'token',
  'jwt',
  'key',
  'secret',
  'identity',
  'principal',
  'customer',
  'subject',
];
const SAYS_WHO = new RegExp(`(?:^|[-_])(?:${WHO.join('|')})(?:$|[-_])`);
const SAYS_SESSION = /(?:^|[-_])(?:session|thread|conversation|chat)(?:id)?(?:$|[-_])|^x-codex-/;
const SAYS_CREDENTIAL =
  /(?:^|[-_]|\b|api)(?:key|token|secret|auth(orization)?|passw(or)?d|credentials?|sig(nature)?|assertion|jwt|cookie)$/i;

/**
 * Tests whether a header of this lower-case name says who asks, or by which right: `x-forwarded-user`, `x-tenant-id`.
 */
export function saysWho(name: string): boolean {
  return SAYS_WHO.test(name);
}

/** Tests whether a header of this lower-case name says to which conversation a request belongs: `session-id`. */
function saysSession(name: string): boolean {
  return SAYS_SESSION.test(name);
}

/**
 * Tests whether a header or parameter is, or holds, a credential: `cookie`, `x-goog-api-key`, `helicone-auth`, `?key=`.
 */
export function isCredential(name: string): boolean {
  return SAYS_CREDENTIAL.test(name);
}

/** Tests whether a header of this lower-case name is in the key by a keyed digest of its value. */
export function isConfidential(name: string): boolean {
  return isCredential(name) || saysWho(name) || saysSession(name);
}
