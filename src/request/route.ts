/**
 * Where a request goes: which upstream, and which path there. The origin comes
 * from the configuration alone; nothing that a client writes is resolved as a
 * URL.
 */
import type { Dialect, DoneMarker, FormMode } from '../dialect.ts';
import { invalidTarget, websocketUnsupported } from '../errors.ts';
import { hasDotSegments, resolveDotSegments } from './dot-segments.ts';
import { type HeaderFields, valueOf, valuesOf } from './header-fields.ts';

/** An upstream as the configuration names it. */
export interface Target {
  /** By which it is addressed; null for the standard one. */
  readonly name: string | null;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Without a slash at its end; empty for the root. */
  readonly basePath: string;
  /** That it is from, as it was written. */
  readonly setting: string;
  readonly dialect: Dialect;
  readonly doneMarker: DoneMarker;
  readonly noStore: 'obey' | 'ignore';
  readonly forms: FormMode;
}

export interface Targets {
  readonly standard: Target;
  /** Addressed by the first segment of the path. */
  readonly named: ReadonlyMap<string, Target>;
}

export interface Route {
  readonly target: Target;
  /** The path there, without its query. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

/** @throws RefrainError `invalid_target`, `websocket_unsupported` */
export function findRoute(url: string, fields: HeaderFields, targets: Targets): Route {
  if (!url.startsWith('/')) throw invalidTarget('it must begin with a slash; the absolute form is for forward proxies');
  if (valuesOf(fields, 'host').length > 1) throw invalidTarget('it has more than one Host');
  if (/(^|,)\s*websocket\s*(,|$)/i.test(valueOf(fields, 'upgrade') ?? '')) throw websocketUnsupported();
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const query = mark === -1 ? '' : url.slice(mark + 1);
  const { target, rest } = chooseTarget(path.replace(/^\/+/, '/'), targets);
  const plain = hasDotSegments(rest) ? resolve(rest, target, targets) : rest;
  return { target, path: joinPath(target.basePath, plain), query };
}

/** The path below the upstream's base, less one `/v1` before it: the same whichever address the upstream has. */
export function relativePath({ path, target: { basePath } }: Route): string {
  const below = path.slice(basePath.length).replace(/^\/v1(?=\/|$)/, '');
  return below === '' ? '/' : below;
}

/** The target that goes on the request line. */
export function requestPath({ path, query }: Route): string {
  return query === '' ? path : `${path}?${query}`;
}

function chooseTarget(path: string, { standard, named }: Targets): { target: Target; rest: string } {
  const end = path.indexOf('/', 1);
  const target = named.get(path.slice(1, end === -1 ? undefined : end));
  if (!target) return { target: standard, rest: path };
  return { target, rest: end === -1 ? '/' : path.slice(end).replace(/^\/+/, '/') };
}

/** The path that it comes to, which must be of the same upstream and below its base path. */
function resolve(path: string, target: Target, targets: Targets): string {
  const isFloor = (segments: readonly string[]) =>
    segments.length === 1 && segments[0] === 'v1' && target.basePath.endsWith('/v1');
  const resolved = resolveDotSegments(path, isFloor);
  if (target === targets.standard && chooseTarget(resolved, targets).target !== target) {
    throw invalidTarget('it leads to another upstream than it begins with');
  }
  return resolved;
}

/** A base path that ends in `/v1` takes in one `/v1` of the request, so that clients may write it or not. */
function joinPath(basePath: string, path: string): string {
  if (!basePath.endsWith('/v1') || !/^\/v1(\/|$)/.test(path)) return basePath + path;
  return basePath + path.slice('/v1'.length).replace(/^\/+/, '/');
}
