/**
 * The upstreams whose answers are kept, found by the URL of a request.
 */
import type { Route, Target } from '../request/route.ts';

export class Origins {
  /** By origin, those with the longest base path first. */
  readonly #targets: ReadonlyMap<string, readonly Target[]>;

  constructor(targets: readonly Target[]) {
    const deepestFirst = targets.toSorted((one, other) => other.basePath.length - one.basePath.length);
    this.#targets = Map.groupBy(deepestFirst, ({ origin }) => origin);
  }

  /**
   * The route of a URL: of several upstreams at its origin, to the one whose base path it is under, the longest first.
   * @returns null where its origin is that of none
   */
  routeOf(url: string): Route | null {
    if (!URL.canParse(url)) return null;
    const { origin, pathname: path, search } = new URL(url);
    const targets = this.#targets.get(origin);
    if (targets === undefined) return null;
    const target = targets.find(({ basePath }) => `${path}/`.startsWith(`${basePath}/`)) ?? targets.at(-1);
    return { target: target as Target, path, query: search.slice(1) };
  }
}
