/**
 * The setting that names a Redis or Valkey: one URL, several nodes of a cluster,
 * or the sentinels that know which server leads.
 *
 *   redis://user:password@host:6379/0      in the clear; rediss:// over TLS
 *   redis://one:6379,redis://two:6379      nodes of a cluster, of which some are enough
 *   redis-sentinel://host:26379/name       the server that sentinels call so; rediss-sentinel:// over TLS
 */
import { z } from 'zod';
import type { ValueType } from './setting.ts';

const PROTOCOL = /^(redis|rediss|redis-sentinel|rediss-sentinel):$/;

const node = z.string().refine((text) => URL.canParse(text) && PROTOCOL.test(new URL(text).protocol));

/** Null for `off`. */
export const redisNodes: ValueType<readonly string[] | null> = {
  schema: z.preprocess(
    (value) =>
      value === 'off' ? null : typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value,
    z.array(node).min(1).nullable(),
  ),
  allowed: 'redis:// or rediss:// and an address, several with commas between for a cluster, or off',
  /** It may hold a password. */
  secret: true,
};
