/**
 * Does a message, a delta or an item say anything? Servers fill what they have
 * not to say with nulls, empty texts, lists and objects, and label what they say.
 */
import { isObject, type Json } from './json.ts';

/** Members that name or describe what is said. */
const LABELS: ReadonlySet<string> = new Set([
  'role',
  'name',
  'id',
  'index',
  'object',
  'type',
  'status',
  'model',
  'created',
  'phase',
  'usage',
]);

/** How deep is looked; what is nested deeper is taken for something. */
const DEEPEST = 8;

/** Tests whether any member but its labels holds something. */
export function hasContent(said: Json): boolean {
  return holds(said, 0);
}

/** Tests whether a value is more than nothing: a text, a number, or something that holds one. */
export function isContent(value: unknown): boolean {
  return says(value, 0);
}

function holds(said: Json, depth: number): boolean {
  for (const name in said) if (!LABELS.has(name) && says(said[name], depth + 1)) return true;
  return false;
}

function says(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value !== '';
  if (typeof value === 'number') return value !== 0;
  if (depth >= DEEPEST) return true;
  if (Array.isArray(value)) return value.some((item) => says(item, depth + 1));
  return isObject(value) && holds(value, depth);
}
