/**
 * A hit, played at the pace that its request asks for.
 */
import type { CacheResult } from '../cache/outcome.ts';
import { pacedReader } from '../response/paced-answer.ts';
import type { ReceivedHead } from './head-memo.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';

export function atPace({ clock }: ProxyDependencies, { policy }: ReceivedHead, result: CacheResult): CacheResult {
  const { entry } = result;
  const reader = entry === undefined ? null : pacedReader(entry, policy.pace, clock);
  return reader ? { ...result, reader } : result;
}
