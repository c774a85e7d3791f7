const BYTE_ORDER_MARK = '\ufeff';

/** Text without the mark that some servers write before it, and that JSON and event streams do not count as theirs. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}
