/**
 * The kinds of store, by the name that clients are told.
 */
export const TIERS = ['memory', 'sqlite'] as const;

export type Tier = (typeof TIERS)[number];
