/**
 * One endpoint, as far as its requests go: where it is found, what decides its
 * answer, and what a whole answer has. Its twin, in `response/endpoints/`, reads
 * the answers.
 */
import type { BodyFields } from '../body-fields.ts';
import type { Counts } from '../counts.ts';
import type { FieldTable } from '../fields.ts';
import type { ChooseForm } from '../form.ts';
import type { StateReason } from '../state.ts';

/**
 * Where an endpoint is found: by how a path ends, so that `/v1`, Azure's deployments and the prefixes of other
 * gateways all count; or, where paths of another meaning end alike, by all that follows the upstream's `/v1`.
 */
export type EndpointPath = { readonly ending: string } | { readonly below: string };

/** @typeParam Variants the bodies that its API takes, by the types of its SDK */
export interface RequestEndpoint<Variants = never> {
  readonly path: EndpointPath;
  /** Every field that its API documents: what part it has in the answer, or that the key leaves it out. */
  readonly fields: FieldTable<Variants>;
  /** Every name, at any depth, whose value decides below or in the form; where one is uncertain, there is no key. */
  readonly decidingNames: ReadonlySet<string>;
  /** The source text of top-level fields that its API assumes where they are absent: absent and given have one key. */
  readonly assumed: ReadonlyMap<string, string>;
  /** The JSON Pointer of ids that clients give to what they wrote; null where there are none. */
  readonly authoredIds: string | null;
  /** The field in which a person would look for what is asked. */
  readonly questionField: string;
  /** True where a `DELETE` below its path names an answer by its id. */
  readonly isDeletable: boolean;
  /**
   * True where a model writes the answer, drawn by chance and perhaps from what it looks up; else it is computed from
   * the input alone.
   */
  readonly isGenerative: boolean;
  readonly chooseForm: ChooseForm;
  /** Why a request is more than its bytes, or nothing. */
  whyStateful(fields: BodyFields): StateReason | null;
  counts(fields: BodyFields): Counts;
  /** Tests whether the text of the answer is asked to be JSON. */
  asksForJson(fields: BodyFields): boolean;
}

export const ASSUMES_NOTHING: ReadonlyMap<string, string> = new Map();

/** Tests whether the format of a text is one of JSON. @param type its `type` */
export function isJsonFormat(type: unknown): boolean {
  return type === 'json_object' || type === 'json_schema';
}
