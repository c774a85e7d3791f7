/**
 * The lines that a program writes about requests: one for each, once it and
 * the upstream call that it led to are over.
 */
import type { Endpoint } from '../endpoint.ts';
import type { UsageRecord } from '../ledger/usage-record.ts';
import type { Usage } from '../response/usage.ts';

/** A request that is over. */
export interface LoggedRequest {
  readonly record: UsageRecord;
  readonly method: string;
  /** As the request line has it: with a query, which no line may have. */
  readonly target: string;
  /** Its first words, where they were asked for. */
  readonly question: string | null;
}

/** In dollars; null where there is no price. */
export interface Pricing {
  priceOf(model: string | null, usage: Usage): number | null;
}

/** The body of a request. */
export interface QuestionBody {
  readonly length: number;
  readonly bytes: Buffer;
}

export interface AccessLog {
  /**
   * The first words of a question, for its line; null where it shows none. Absent where no line does.
   */
  readonly questionOf?: (endpoint: Endpoint, body: QuestionBody) => string | null;
  /** Never throws, and waits for nobody. */
  note(ended: LoggedRequest, pricing: Pricing): void;
}

/** The longest path that a line shows. */
const LONGEST_PATH = 200;

/** The path of a request's target, without its query; a proxy's target names scheme and host, too. */
export function pathOf(target: string): string {
  const path = (target.startsWith('/') ? target : target.replace(/^[^/]*\/\/[^/?#]*/, '')).split(/[?#]/, 1)[0] ?? '';
  return path.slice(0, LONGEST_PATH);
}
