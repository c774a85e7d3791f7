/**
 * One request as an adapter brings it, from a socket or from this process: its
 * head as it came, and a body that nobody has read yet.
 */
import type { WholeBody } from '../request/whole-body.ts';
import type { PassingBody } from './passing-body.ts';

/** The head of a request, unread. */
export interface RawHead {
  readonly method: string;
  /** The request target, with its query. */
  readonly url: string;
  readonly httpVersion: string;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
}

/** The body of a request, to be taken once: by `read` or by `pass`. */
export interface BodySource {
  /** In bytes, as declared; null where it is not, 0 where there is no body. */
  readonly length: number | null;
  /**
   * All of it; or, past what is read as a whole, a body that passes, with the reason why.
   * @throws RefrainError where it is too large, never comes to its end, or finds no room
   */
  read(): Promise<WholeBody | PassingBody>;
  /** A body that passes, whatever its length. @throws RefrainError where it finds no room */
  pass(): PassingBody;
}
