/**
 * The kinds of store, by the name that clients are told.
 */
export type Tier = 'memory' | 'sqlite';
