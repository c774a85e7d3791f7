/**
 * A body without its content coding, beside the one that goes on to the upstream as it came.
 */
import { WholeBody } from '../request/whole-body.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';

/** @returns why it has no key, or null */
export async function decode({ decoding }: ProxyDependencies, body: WholeBody, coding: string): Promise<string | null> {
  const decoded = await decoding.decode(body, coding);
  if (!(decoded instanceof WholeBody)) return decoded;
  body.decoded = decoded;
  return null;
}
