/**
 * Bodies of several parts, whose boundary is drawn by chance for each request: with a fixed one, equal parts are equal
 * bodies.
 */
const FIXED = '--refrain-boundary';
const MULTIPART = /^\s*(multipart\/[\w.+-]+)\s*;/i;
const BOUNDARY = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i;
const CRLF = '\r\n';

/** @returns the media type without its boundary; itself where it has none */
export function withoutBoundary(contentType: string): string {
  const [, media] = MULTIPART.exec(contentType) ?? [];
  return media === undefined ? contentType : contentType.replace(BOUNDARY, '').trim();
}

/** @returns the body with the fixed boundary; itself where its media type names none */
export function withFixedBoundary(contentType: string, body: Buffer): Buffer {
  const [, quoted, plain] = (MULTIPART.test(contentType) && BOUNDARY.exec(contentType)) || [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return body;
  const delimiter = Buffer.from(`--${boundary}`);
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = body.indexOf(delimiter); at !== -1; at = body.indexOf(delimiter, at + delimiter.length)) {
    const end = at + delimiter.length;
    if (!isDelimiter(body, at, end)) continue;
    pieces.push(body.subarray(from, at), Buffer.from(FIXED));
    from = end;
  }
  return pieces.length === 0 ? body : Buffer.concat([...pieces, body.subarray(from)]);
}

/** Tests whether what stands there is on a line of its own, and not the beginning of something longer. */
function isDelimiter(body: Buffer, at: number, end: number): boolean {
  const begins = at === 0 || body.toString('latin1', at - 2, at) === CRLF;
  const rest = body.toString('latin1', end, end + 2);
  return begins && (rest === CRLF || rest === '--' || /^[ \t]/.test(rest));
}
