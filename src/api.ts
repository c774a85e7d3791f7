/**
 * The API over a core: what answers the requests of its listener.
 */
import type { RequestListener } from 'node:http';
import type { Config } from './config/config.ts';
import type { Core } from './core.ts';
import { Bodies } from './http/bodies.ts';
import { createHandler } from './http/handle.ts';
import type { OwnPaths } from './http/own-paths.ts';
import type { ProxyDependencies } from './proxy/proxy-dependencies.ts';

export function createApiHandler(
  { heartbeat }: Config,
  core: Core,
  proxy: () => ProxyDependencies,
  ownPaths: OwnPaths,
): RequestListener {
  const { limits, budget, clock } = core;
  return createHandler({
    proxy,
    ownPaths,
    bodies: new Bodies(limits, budget, clock),
    heartbeat: heartbeat === null ? null : { ms: heartbeat * 1000, clock },
  });
}
