/**
 * The failures that the admin API alone raises: of its queries, and of what it is asked to find or to read anew.
 */
import { RefrainError, shown } from '../errors.ts';

export const unknownEntry = (key: string) =>
  new RefrainError('unknown_entry', 404, `Nothing is kept under ${shown(key)}; GET /entries lists what is.`);

export const ambiguousKey = (key: string, keys: readonly string[]) => {
  const message = `Several entries are kept under ${key}: ${keys.join(', ')}; name one of them.`;
  return new RefrainError('ambiguous_key', 409, message);
};

export const invalidQuery = (name: string, why: string) =>
  new RefrainError('invalid_query', 400, `The query is not accepted: ${name}: ${why}.`, name);

/** @param why the refusal of a start with these settings */
export const invalidSettings = (why: string) =>
  new RefrainError('invalid_settings', 400, `Nothing was reloaded, and all is as it was: ${why}.`);

export const unsupportedMediaType = () => {
  const message = 'The body must be JSON in UTF-8; send it with content-type: application/json.';
  return new RefrainError('unsupported_media_type', 415, message, 'content-type');
};
