/**
 * Dot segments of a path (RFC 3986, 5.2.4). A client that resolves URLs sends
 * none; what is left of them is resolved here, so that key, upstream and
 * credential are those of the path that it comes to.
 */
import { invalidTarget } from '../errors.ts';

/** A step in place or up, as any reader could see one: encoded, behind a backslash or `%2f`, with parameters. */
const STEP = /(?:[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:$|[/\\;]|%2f|%5c)/i;

export function hasDotSegments(path: string): boolean {
  return STEP.test(path);
}

/**
 * The path without its dot segments.
 *
 * @param path begins with a slash
 * @param isFloor whether these segments may not be left
 * @throws RefrainError `invalid_target` for a path that leads out, or that two readers could resolve differently
 */
export function resolveDotSegments(path: string, isFloor: (segments: readonly string[]) => boolean): string {
  const resolved: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [at, segment] of segments.entries()) {
    const plain = segment.replaceAll(/%2e/gi, '.');
    if (plain === '..') {
      if (resolved.length === 0 || isFloor(resolved)) {
        throw invalidTarget('it leads out of the base path of the upstream');
      }
      resolved.pop();
    } else if (plain !== '.') {
      if (STEP.test(`/${segment}`)) throw invalidTarget('it has a step up or in place that not every reader sees');
      resolved.push(segment);
      continue;
    }
    if (at === segments.length - 1) resolved.push('');
  }
  return `/${resolved.join('/')}`.replace(/^\/+/, '/');
}
