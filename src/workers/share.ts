/**
 * The share of each worker in what the configuration grants to all of them:
 * bounds of memory and of numbers are totals.
 */
import type { Config } from '../config/config.ts';

/** Where answers outlive no process, half of the memory is for those that all share. */
const SHARED = 1 / 2;

export function shareOf(config: Config, count: number): Config {
  const { memory, limits, store } = config;
  const near = store.path === null ? memory.bytes * (1 - SHARED) : memory.bytes;
  const part = (total: number) => Math.max(1, Math.floor(total / count));
  return {
    ...config,
    memory: { bytes: Math.floor(near / count) },
    limits: {
      flights: part(limits.flights),
      listeners: part(limits.listeners),
      bytes: part(limits.bytes),
      requestBytes: part(limits.requestBytes),
    },
  };
}

/** The parent's own part: it answers no request. */
export function parentsShareOf(config: Config): Config {
  const { memory, store } = config;
  return { ...config, memory: { bytes: store.path === null ? Math.floor(memory.bytes * SHARED) : 0 } };
}
