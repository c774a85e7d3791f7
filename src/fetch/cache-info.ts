/**
 * What a cached `fetch` reports of itself, in the words of Python's
 * `functools.lru_cache`.
 */
export interface CacheInfo {
  /** Requests that were answered without a call of their own: from what is kept, or along with an equal one under way. */
  readonly hits: number;
  /** Requests that could have been, and had the upstream called. Those that are never cached are in neither. */
  readonly misses: number;
  /** The most that the answers in memory take, in bytes. */
  readonly maxsize: number;
  /** What they take now, in bytes. */
  readonly currsize: number;
  /** How many they are. */
  readonly entries: number;
}
