/**
 * The recordings of a cassette that its last run did not use.
 */
import { readCassette } from '../cassette/cassette-file.ts';
import { isThere } from '../cassette/cassette-paths.ts';
import { usedInLastRun } from '../cassette/use-marks.ts';

/** A line each, that begins with its place in the file. @param file which no proxy has open */
export function unusedRecordings(file: string): readonly string[] {
  const used = usedInLastRun(file);
  if (used === null || !isThere(file)) return [];
  return readCassette(file)
    .documents.filter(({ digest }) => !used.has(digest))
    .map(({ line, exchange: { request } }) => `${file}:${line} ${request.method} ${request.path}`);
}
