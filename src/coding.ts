/**
 * The content coding of a message (RFC 9110, 8.4), by its `Content-Encoding`; null where there is none.
 */
export function codingOf(value: string | undefined): string | null {
  const coding = (value ?? '').trim().toLowerCase();
  return coding === '' || coding === 'identity' ? null : coding;
}
