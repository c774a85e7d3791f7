/**
 * All that the API listener needs.
 */
import type { ProxyDependencies } from '../proxy/proxy-dependencies.ts';
import type { Bodies } from './bodies.ts';
import type { OwnPaths } from './own-paths.ts';
import type { Heartbeat } from './playback.ts';

export interface ApiDependencies {
  /** That by whose rules a request is read which comes now; it keeps to these. */
  readonly proxy: () => ProxyDependencies;
  readonly bodies: Bodies;
  readonly ownPaths: OwnPaths;
  /** Null where silent streams stay silent. */
  readonly heartbeat: Heartbeat | null;
}
