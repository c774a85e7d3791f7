/**
 * The end of a derivation that is in doubt. A refusal costs one call of the upstream, and a guess would be wrong for as
 * long as an entry is kept.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** @param why a few words, for whoever reads a failing test */
export function refuse(why: string): never {
  throw new Refusal(why);
}

export function refuseIf(doubt: boolean, why: string): void {
  if (doubt) throw new Refusal(why);
}
