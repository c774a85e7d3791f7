/**
 * Criteria for entries: the query of `GET /entries` and the body of
 * `POST /purge`, checked member by member. An unknown one is refused, since
 * overlooked it would mean more entries than were named.
 */
import { z } from 'zod';
import type { PurgeRequest } from '../cache/flights.ts';
import { ENDPOINTS } from '../endpoint.ts';
import { invalidBody } from '../errors.ts';
import { invalidQuery } from './errors.ts';
import { isTag } from '../request/policy.ts';
import type { Listing } from '../store/listing.ts';
import { readCursor } from './cursor.ts';

/** The most rows on one page. */
const MAX_ROWS = 500;

/** Characters are counted as a description's `maxLength` counts them: by code points. */
const MOST_CHARACTERS = 1_024;
export const text = z
  .string()
  .refine(
    (value) => value !== '' && value.length <= 2 * MOST_CHARACTERS && [...value].length <= MOST_CHARACTERS,
    `it must be 1 to ${MOST_CHARACTERS} characters`,
  );
const endpoint = z.enum(ENDPOINTS);
export const scope = z
  .string()
  .regex(
    /^(private:[0-9a-f]{12,64}|shared:[A-Za-z0-9._-]{1,64})$/,
    'it must be private: and 12 to 64 hexadecimal digits, or shared: and a name',
  );
export const tag = z
  .string()
  .refine(isTag, 'it must be 1 to 64 letters, digits, dots, underscores, colons and hyphens');
export const whole = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,14})$/, 'it must be a whole number')
  .transform(Number);

const QUERY = z.strictObject({
  model: text.optional(),
  endpoint: endpoint.optional(),
  scope: scope.optional(),
  tag: tag.optional(),
  text: text.optional(),
  olderThan: whole.optional(),
  newerThan: whole.optional(),
  minBytes: whole.optional(),
  maxBytes: whole.optional(),
  sort: z.enum(['newest', 'largest', 'most-used']).default('newest'),
  limit: whole.refine((rows) => rows >= 1 && rows <= MAX_ROWS, `it must be from 1 to ${MAX_ROWS}`).default(50),
  cursor: z.string().max(200).optional(),
});

const BODY = z.strictObject({
  model: text.optional(),
  endpoint: endpoint.optional(),
  scope: scope.optional(),
  /** Seconds. */
  olderThan: z.number().nonnegative().max(1e12).optional(),
  /** Seconds. */
  newerThan: z.number().nonnegative().max(1e12).optional(),
  tag: tag.optional(),
  text: text.optional(),
  includeUnjudged: z.literal(true).optional(),
  all: z.literal(true).optional(),
  dryRun: z.boolean().default(false),
});

/** @param now milliseconds since the epoch. @throws RefrainError `invalid_query`, naming the parameter */
export function readListing(query: unknown, now: number): Listing {
  const read = QUERY.safeParse(query);
  if (!read.success) {
    const [name, why] = firstIssue(read.error);
    throw invalidQuery(name, why);
  }
  const { sort, limit, cursor, olderThan, newerThan, ...criteria } = read.data;
  return {
    filter: {
      ...criteria,
      ...(olderThan !== undefined && { storedUpTo: now - olderThan * 1000 }),
      ...(newerThan !== undefined && { storedFrom: now - newerThan * 1000 }),
    },
    sort,
    limit,
    withAsked: true,
    after: cursor === undefined ? null : readCursor(sort, cursor),
  };
}

/** @throws RefrainError `invalid_body`, naming the member */
export function readPurge(text: string): { readonly request: PurgeRequest; readonly dryRun: boolean } {
  const read = BODY.safeParse(parseJson(text));
  if (!read.success) throw invalidBody(firstIssue(read.error).join(': '));
  const { dryRun, all, ...request } = read.data;
  if (request.includeUnjudged && request.text === undefined)
    throw invalidBody('"includeUnjudged" is about what "text" cannot judge; give it "text"');
  const isChosen = Object.keys(request).length > 0;
  if (all && isChosen) throw invalidBody('"all" stands for every entry; leave it out, or else the other members');
  if (!all && !isChosen) {
    throw invalidBody(
      'it must name what is to go: model, endpoint, scope, olderThan, newerThan, tag or text, or "all": true',
    );
  }
  return { request, dryRun };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidBody('it is not JSON');
  }
}

/** The member that is at fault, and how. */
export function firstIssue({ issues }: z.ZodError): [name: string, why: string] {
  const [issue] = issues;
  if (issue?.code === 'unrecognized_keys')
    return [JSON.stringify(issue.keys[0]?.slice(0, 80)), 'there is no such member'];
  return [issue?.path.join('.') || 'all of it', issue?.message ?? 'it is not what it should be'];
}
