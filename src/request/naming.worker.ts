/**
 * The thread for what is too long to be done between two requests.
 */
import type { WhyNotAsk } from './ask.ts';
import type { Form } from './form.ts';
import type { Parts } from './fingerprint.ts';
import { lightened, nameAnswer, type Naming, type Occasion } from './naming.ts';
import { type Candidate, nearestOf, type Nearest } from './nearest.ts';

export function name({ occasion, body }: { occasion: Occasion; body: Uint8Array }): Naming | WhyNotAsk {
  return lightened(nameAnswer(occasion, Buffer.from(body.buffer, body.byteOffset, body.length)));
}

export function nearest({ parts, form, candidates }: { parts: Parts; form: Form; candidates: readonly Candidate[] }): Nearest | null {
  return nearestOf(parts, form, candidates);
}
