/**
 * Health, as both listeners say it: is the process alive, and does it take
 * requests.
 */
export type Readiness = 'starting' | 'ready' | 'stopping';

export interface HealthSources {
  readonly readiness: () => Readiness;
  /** Names of those out of reach without which requests are answered all the same. */
  readonly outOfReach: () => readonly string[];
}

/** A status, and the document that says the same. */
export type HealthReply = readonly [status: number, document: object];

export function alive(): HealthReply {
  return [200, { status: 'alive' }];
}

export function readinessOf({ readiness, outOfReach }: HealthSources): HealthReply {
  const status = readiness();
  const notes = Object.fromEntries(outOfReach().map((name) => [name, 'down']));
  return [status === 'ready' ? 200 : 503, { status, ...notes }];
}
