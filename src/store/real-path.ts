/**
 * The path of a file through links: what lies beside it, such as a log, is beside what they lead to; and that is
 * replaced, not the link. It need not be there yet.
 */
import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** The most links that are followed one after the other, as systems have it. */
const MOST_LINKS = 40;

export function realPath(path: string): string {
  let place = path;
  for (let links = 0; links < MOST_LINKS && !existsSync(place); links++) {
    const target = linkAt(place);
    if (target === null) return place;
    place = resolve(dirname(place), target);
  }
  return existsSync(place) ? realpathSync(place) : place;
}

/** Null where there is no link, or no way to it. */
function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
