/**
 * Findings about a proxy: what a look at one thing came to, and what to do about it.
 */
export type FindingState = 'ok' | 'warning' | 'failure';

export interface CheckResult {
  readonly state: FindingState;
  readonly says: string;
  /** The remedy; null where none is needed. */
  readonly advice: string | null;
  readonly details: readonly string[];
}

export interface Finding extends CheckResult {
  /** The name of the check, a word or two. */
  readonly check: string;
}

export function ok(says: string, details: readonly string[] = []): CheckResult {
  return { state: 'ok', says, advice: null, details };
}

export function warning(says: string, advice: string, details: readonly string[] = []): CheckResult {
  return { state: 'warning', says, advice, details };
}

export function failure(says: string, advice: string): CheckResult {
  return { state: 'failure', says, advice, details: [] };
}
