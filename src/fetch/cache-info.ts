/**
 * The report of a cached `fetch` on itself, in the words of Python's
 * `functools.lru_cache`.
 */
export interface CacheInfo {
  /** Requests that took no call of their own: their answer was kept, or on its way to an equal one. */
  readonly hits: number;
  /** Requests that had the upstream called. Those that are never cached are in neither. */
  readonly misses: number;
  /** The most that answers may take in memory, in bytes. */
  readonly maxsize: number;
  /** Their size now, in bytes. */
  readonly currsize: number;
  /** Their number. */
  readonly entries: number;
}
