/**
 * The calls that cross to the thread for long bodies, and their answers.
 */
import type { Parts } from './fingerprint.ts';
import type { Form } from './form.ts';
import type { KeyContext, KeyedRequest } from './key.ts';
import type { Candidate, Nearest } from './nearest.ts';
import type { WhyNotCacheable } from './parsed-request.ts';

export type KeyerCall =
  | { readonly act: 'name'; readonly keyContext: KeyContext; readonly body: Uint8Array }
  | {
      readonly act: 'nearest';
      readonly parts: Parts;
      readonly form: Form;
      readonly candidates: readonly Candidate[];
    };

export interface KeyerAnswers {
  readonly name: KeyedRequest | WhyNotCacheable;
  readonly nearest: Nearest | null;
}
