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

const node = z.string().refine((text) => URL.canParse(text) && PROTOCOL.test(new URL(text).protocol), { abort: true });

/** All of one kind; a sentinel says of which server it asks, and a cluster has one database. */
function fitTogether(urls: readonly string[]): boolean {
  const all = urls.map((text) => new URL(text));
  const [{ protocol = '' } = {}] = all;
  const path = /sentinel/.test(protocol) ? /^\/[^/]+$/ : all.length > 1 ? /^\/?0?$/ : /^\/?\d{0,3}$/;
  return all.every((url) => url.protocol === protocol && url.hostname !== '' && path.test(url.pathname));
}

/** Null for `off`. */
export const redisNodes: ValueType<readonly string[] | null> = {
  schema: z.preprocess(
    (value) =>
      value === 'off' ? null : typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value,
    z.array(node).min(1).refine(fitTogether).nullable(),
  ),
  allowed: 'redis:// or rediss:// and an address, several with commas between for a cluster, or off',
  /** It may hold a password. */
  secret: true,
};
