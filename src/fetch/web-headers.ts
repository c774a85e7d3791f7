/** A list of header names and values in turn, as `fetch` has headers. */
export function webHeaders(list: readonly string[]): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < list.length; at += 2) headers.append(list[at] as string, list[at + 1] as string);
  return headers;
}
