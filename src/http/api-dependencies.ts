/**
 * All that the API listener needs.
 */
import type { ProxyDependencies } from '../proxy/proxy-dependencies.ts';
import type { Bodies } from './bodies.ts';
import type { OwnPaths } from './own-paths.ts';
import type { Heartbeat } from './playback.ts';

export interface ApiDependencies {
  readonly proxy: ProxyDependencies;
  readonly bodies: Bodies;
  readonly ownPaths: OwnPaths;
  /** Null where silent streams stay silent. */
  readonly heartbeat: Heartbeat | null;
}
