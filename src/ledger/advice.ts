/**
 * Advice on a header or a field that is new with every request. To leave it out
 * of the key is advised of tokens alone that seem to mean nothing.
 */
import { type FieldMeaning, meaningOf } from '../request/meaning.ts';

/** A token of the caller that is issued again and again. */
const REISSUED = /token|assertion|jwt|cert|principal$|oidc-data/i;

/**
 * Tests whether a value of this name may come again and again before there is a new one, by which everything is new:
 * a session's, a cookie's, a token's. Never one that is advised to be left out of the key.
 * @param name `header:NAME`, `caller:NAME`, or the JSON Pointer of a field
 */
export function mayRepeat(name: string): boolean {
  if (name.startsWith('caller:')) return REISSUED.test(name);
  const meaning = meaningOf(name, false);
  return meaning === 'session' || meaning === 'cookie';
}

export interface Advice {
  /** The setting to make, where that is safe if the person who reads it agrees; else null. */
  readonly setting: string | null;
  readonly words: string;
}

/**
 * @param ignored what `key.ignore` has already
 * @param isLeftOutByEngine whether that dialect would leave it out, and that of the upstream does not
 */
export function adviceOn(
  name: string,
  meaning: FieldMeaning,
  ignored: readonly string[],
  isLeftOutByEngine: boolean,
): Advice {
  const remedy = isLeftOutByEngine ? 'dialect=engine' : null;
  const unless = (condition: string) => (remedy ? `; ${remedy} leaves it out, if ${condition}` : '');
  switch (meaning) {
    case 'label': {
      const setting = `key.ignore=${[...ignored, name].join(',')}`;
      return { setting, words: `${setting} leaves it out of the key, if it does not change the answer` };
    }
    case 'openai-label':
      return { setting: remedy, words: `at OpenAI it is a label${unless('it is one here too')}` };
    case 'session':
      return {
        setting: remedy,
        words: `it names a conversation, by which some servers answer${unless('this one answers from the body alone')}`,
      };
    case 'cookie':
      return { setting: null, words: 'a client sends back the cookies that it was given, which may say who asks' };
    case 'credential':
      return { setting: null, words: 'it may be a credential, and whose answers these are' };
    case 'caller':
      return { setting: null, words: 'it may say who asks, and one must not get the answers of another' };
    case 'choice':
      return { setting: null, words: 'it may choose the answer' };
    case 'readable':
      return { setting: null, words: 'its values can be read, so that they may change the answer' };
  }
}

/** On a header that belongs to the scope and is new while the credential is the same. @param name `caller:NAME` */
export function adviceOnCaller(name: string): Advice {
  if (!REISSUED.test(name)) return { setting: null, words: 'it says who asks, so that each has answers of his own' };
  const words = 'it is a token that is issued again and again, with each of which the answers of its caller begin anew';
  // Out of the scope alone it would be in the key.
  const remedy = 'take it out of scope.headers and, by key.ignore, out of the key';
  return { setting: null, words: `${words}; where another header names the caller, ${remedy}` };
}

/** @param isHabit whether a library may have sent it */
export function adviceOnNoStore(isHabit: boolean): Advice {
  if (!isHabit) return { setting: null, words: 'it is the wish of the client, and obeyed' };
  const setting = 'sse.noStore=ignore';
  return { setting, words: `it is obeyed; ${setting} takes it for the habit of a library that reads event streams` };
}

/** On `no-cache` and `max-age=0`, which may be somebody's wish, or come of an option that nobody thinks of. */
export const ADVICE_ON_NEW: Advice = {
  setting: null,
  words: "it is taken for the wish of the client; fetch sends it where its option cache is 'no-store' or 'reload'",
};
