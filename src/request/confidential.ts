/**
 * Headers and parameters whose values are nowhere kept as they are: by what
 * their names say of them.
 */

import { USER_HEADERS } from './caller.ts';
import { createMatcher } from './name-list.ts';

const WHO = [
  // Names of software are said of no person.
  'user(?![-_]agent)',
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
  'member',
  'owner',
  'person',
  'employee',
  'roles?',
  'login',
  'mail',
  'uid',
  'upn',
  'claims?',
];
const SAYS_WHO = new RegExp(`(?:^|[-_])(?:${WHO.join('|')})(?:$|[-_])`);
const SAYS_SESSION = /(?:^|[-_])(?:session|thread|conversation|chat)(?:id)?(?:$|[-_])|^x-codex-/;
/** Objects in which gateways are told the user, among others: `x-portkey-metadata`, `x-litellm-spend-logs-metadata`. */
const MAY_SAY_WHO = /(?:^|[-_])(?:metadata|baggage)$/;
const BEFORE = '^|[-_]|\\b|api|access|refresh';
const CREDENTIAL = 'key|token|secret|auth(?:orization)?|passw(?:or)?d|credentials?|sig(?:nature)?|assertion|jwt|cookie';
const SAYS_CREDENTIAL = new RegExp(`(?:${BEFORE})(?:${CREDENTIAL})$`, 'i');

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

/** By `scope.headers` one of them may be in the key and in no scope. */
const namesUser = createMatcher(USER_HEADERS);

/** Tests whether a header of this lower-case name is in the key by a keyed digest of its value. */
export function isConfidential(name: string): boolean {
  return isCredential(name) || saysWho(name) || saysSession(name) || MAY_SAY_WHO.test(name) || namesUser(name);
}
