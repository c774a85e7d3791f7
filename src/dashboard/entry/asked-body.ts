/**
 * The body of a request as the key of its entry has it: without the labels, and without what only says in which form
 * the answer is wanted.
 */

/** The JSON of it: where the form is part of the key, it stands behind. */
export function jsonOf(body: string): string {
  return body.replace(/(?<=[}\]]) stream=[^}]* stream_options=.*$/s, '');
}

/** A body that asks for the same form again. */
export function bodyToAsk(body: string, form: string): string {
  const json = jsonOf(body);
  if (!/^\{\s*"/.test(json) || !form.startsWith('sse')) return json;
  const usage = /^sse\+usage/.test(form) ? '"stream_options":{"include_usage":true},' : '';
  return `{"stream":true,${usage}${json.slice(1)}`;
}
