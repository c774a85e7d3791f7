/**
 * A request with a name: what a stored answer is kept under.
 */
import type { Dialect } from '../dialect.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Parts } from './fingerprint.ts';
import type { Form } from './form.ts';

export interface ExplainedRequest {
  /** Null for a path that is not cached, which a cassette names all the same. */
  readonly endpoint: Endpoint | null;
  /** Null for a stored one, which does not say. */
  readonly dialect: Dialect | null;
  readonly form: Form;
  readonly parts: Parts;
  /** Its key, where that is made of more than the parts. */
  readonly key?: string;
}
