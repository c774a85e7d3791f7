/**
 * The address of a listener as a URL.
 */
import { isIPv6 } from 'node:net';
import type { Settings } from './settings.ts';

export function listenerUrl({ tls }: Pick<Settings, 'tls'>, host: string, port: number): string {
  return `${tls.cert === null ? 'http' : 'https'}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
