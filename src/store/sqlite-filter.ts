/**
 * The parts of a filter by which an index tells rows of `entries` from others.
 * Whether a row fits all of it is for `fits` to say.
 */
import { type Filter, isScopePrefix } from './filter.ts';

/** An expression, and the values of its parameters. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** A condition that an index knows the rows of, and where to select them from. */
export interface LeadingCondition extends Condition {
  readonly source: string;
}

export function leadsOf({ model, endpoint, scope, tag }: Filter): LeadingCondition[] {
  const leads: LeadingCondition[] = [];
  if (tag !== undefined) leads.push({ source: 'tags CROSS JOIN entries USING (id)', sql: 'tag = ?', values: [tag] });
  if (model !== undefined)
    leads.push({ source: 'entries INDEXED BY entries_by_model', sql: 'model = ?', values: [model] });
  if (scope !== undefined) leads.push({ source: 'entries INDEXED BY entries_by_likeness', ...scopeCondition(scope) });
  if (endpoint !== undefined)
    leads.push({ source: 'entries INDEXED BY entries_by_endpoint', sql: 'endpoint = ?', values: [endpoint] });
  return leads;
}

function scopeCondition(scope: string): Condition {
  // Every scope that begins with hexadecimal digits is below that with a letter beyond them.
  return isScopePrefix(scope)
    ? { sql: 'scope >= ? AND scope < ?', values: [scope, `${scope}g`] }
    : { sql: 'scope = ?', values: [scope] };
}
