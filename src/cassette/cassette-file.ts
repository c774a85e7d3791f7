/**
 * A cassette on disk: read with what is pending, and written so that whoever is killed leaves the old file or the new
 * one, and whoever records at the same time loses nothing.
 */
import { isUtf8 } from 'node:buffer';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { CassetteError } from './cassette-error.ts';
import { type CassetteHeader, joinHeaders } from './cassette-header.ts';
import { withLock } from './cassette-lock.ts';
import { realPath } from '../store/real-path.ts';
import { besideCassette, makeFolderOf } from './cassette-paths.ts';
import {
  type CassetteDocument,
  type CassetteParts,
  cassetteText,
  documentOf,
  inOrder,
  readDocument,
  splitCassette,
} from './cassette-text.ts';
import { applied, type Pending, readPending, removePending } from './pending-file.ts';

/** All that a cassette has. */
export interface CassetteContent {
  readonly header: CassetteHeader;
  readonly documents: readonly CassetteDocument[];
}

/** With what is pending. Takes no lock, and changes nothing. @throws CassetteError, or what the system throws */
export function readCassette(path: string): CassetteContent {
  // First what is pending: once it is merged, the file has it.
  const pending = readPending(path);
  return contentOf(path, splitFile(path), pending);
}

/**
 * Reads a cassette, and writes it again: with what is pending, and as `change` returns it, where that is given.
 * @throws CassetteError, or what the system throws; the file is then as it was
 */
export function rewriteCassette(
  path: string,
  change: (content: CassetteContent) => CassetteContent = (content) => content,
): CassetteContent {
  return withLock(path, () => {
    const pending = readPending(path);
    const parts = splitFile(path);
    const { header, documents } = change(contentOf(path, parts, pending));
    const changed = { header, documents: inOrder(documents) };
    replaceFile(path, cassetteText(parts, header, changed.documents));
    removePending(path);
    return changed;
  });
}

/** A file that does not exist is an empty cassette. @throws CassetteError, or what the system throws */
export function splitFile(path: string): CassetteParts {
  return splitCassette(path, sourceOf(path));
}

function contentOf(path: string, parts: CassetteParts, pending: Pending | null): CassetteContent {
  const known = parts.chunks.map((chunk) => readDocument(path, chunk, parts.header));
  if (pending === null) return { header: parts.header, documents: known };
  const header = joinHeaders(parts.header, pending.header);
  const isNew = new Set(pending.lots.flatMap(({ documents }) => documents));
  const documents = inOrder(applied(known, pending));
  return {
    header,
    documents: documents.map((document) => (isNew.has(document) ? documentOf(document.exchange, header) : document)),
  };
}

function sourceOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return '';
  // A device would be replaced by a file, and a pipe is read once.
  if (!found.isFile()) throw new CassetteError(path, 1, 'a plain file');
  const bytes = readFileSync(path);
  if (!isUtf8(bytes)) throw new CassetteError(path, firstOddLine(bytes), 'UTF-8');
  return bytes.toString().replace(/^\ufeff/, '');
}

function firstOddLine(bytes: Buffer): number {
  let line = 1;
  for (let at = 0; at < bytes.length; line += 1) {
    const end = bytes.indexOf('\n', at);
    if (end === -1 || !isUtf8(bytes.subarray(at, end))) return line;
    at = end + 1;
  }
  return line;
}

/** Under the lock: it is the only one that writes the temporary file, which Git does not see when one is left over. */
function replaceFile(path: string, text: string): void {
  const place = realPath(path);
  const temporary = besideCassette(place, '.tmp');
  makeFolderOf(temporary);
  try {
    writeWhole(temporary, text, statSync(place, { throwIfNoEntry: false })?.mode ?? 0o644);
    renameSync(temporary, place);
  } catch (error) {
    // A disk that is full has need of the room.
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(place));
}

function writeWhole(path: string, text: string, mode: number): void {
  const file = openSync(path, 'w', mode);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** So that the new name outlives a power cut; Windows has no such thing. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
