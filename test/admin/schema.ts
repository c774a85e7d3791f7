/**
 * A check of values against a JSON Schema. Knows the keywords that
 * `config/openapi.json` uses, and refuses any other: one that is passed over
 * would hold for everything.
 */
import { readFileSync } from 'node:fs';

export type Schema = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly schema: Schema;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
  readonly security?: readonly object[];
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export const DESCRIPTION = JSON.parse(
  readFileSync(new URL('../../config/openapi.json', import.meta.url), 'utf8'),
) as Description;

/** The operations, as `GET /entries/{key}`. */
export const OPERATIONS = Object.entries(DESCRIPTION.paths).flatMap(([path, methods]) =>
  Object.keys(methods)
    .filter((method) => method !== 'parameters')
    .map((method) => `${method.toUpperCase()} ${path}`),
);

/** The faults of an answer to an operation, place by place; none where it is as described. */
export function faultsOf(operation: string, status: number, contentType: string | undefined, body: string): string[] {
  const [method = '', path = ''] = operation.split(' ');
  const response = DESCRIPTION.paths[path]?.[method.toLowerCase()]?.responses[status];
  if (!response) return [`${operation} has no ${status}`];
  const type = contentType?.split(';')[0] ?? '';
  const schema = response.content?.[type]?.schema;
  if (!schema) return [`${operation} ${status} has no ${type}`];
  return check(schema, type === 'application/json' ? JSON.parse(body) : body, '');
}

/** The parameters of an operation, by name. */
export function parametersOf(operation: string): ReadonlyMap<string, Schema> {
  const [method = '', path = ''] = operation.split(' ');
  return new Map(
    DESCRIPTION.paths[path]?.[method.toLowerCase()]?.parameters?.map(({ name, schema }) => [name, resolved(schema)]),
  );
}

/** A schema, or the one that it refers to. */
function resolved(schema: Schema): Schema {
  const { $ref: name } = schema as { readonly $ref?: string };
  return name === undefined ? schema : (DESCRIPTION.components.schemas[name.split('/').at(-1) as string] as Schema);
}

/** The faults of a value, held to a schema of the description by its name. */
export function faultsIn(name: string, value: unknown): string[] {
  return check({ $ref: `#/components/schemas/${name}` }, value, '');
}

const ANNOTATIONS = new Set(['description', 'default', 'contentMediaType', 'contentSchema']);

type Checks = Readonly<Record<string, (wanted: never, value: never, at: string, schema: Schema) => string[]>>;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fault = (is: boolean, at: string, what: string): string[] => (is ? [] : [`${at || '/'}: ${what}`]);

const typeOf = (value: unknown): string[] =>
  value === null
    ? ['null']
    : Array.isArray(value)
      ? ['array']
      : Number.isInteger(value)
        ? ['integer', 'number']
        : [typeof value];

const CHECKS: Checks = {
  $ref: (name: string, value, at) => check(resolved({ $ref: name }), value, at),
  type: (types: string | string[], value, at) =>
    fault(
      typeOf(value).some((type) => [types].flat().includes(type)),
      at,
      `is no ${types}`,
    ),
  const: (wanted: unknown, value, at) => fault(value === wanted, at, `is not ${wanted}`),
  enum: (wanted: readonly unknown[], value, at) => fault(wanted.includes(value), at, `is none of ${wanted}`),
  pattern: (pattern: string, value, at) =>
    fault(typeof value !== 'string' || new RegExp(pattern).test(value), at, `is not like ${pattern}`),
  minimum: (least: number, value, at) => fault(typeof value !== 'number' || value >= least, at, `is below ${least}`),
  maximum: (most: number, value, at) => fault(typeof value !== 'number' || value <= most, at, `is above ${most}`),
  minLength: (least: number, value: string, at) =>
    fault(typeof value !== 'string' || [...value].length >= least, at, 'is too short'),
  maxLength: (most: number, value: string, at) =>
    fault(typeof value !== 'string' || [...value].length <= most, at, 'is too long'),
  format: (format: string, value: unknown, at) =>
    fault(
      typeof value !== 'string' ||
        (format === 'date' ? /^\d{4}-\d\d-\d\d$/ : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/).test(value),
      at,
      `is no ${format}`,
    ),
  required: (names: readonly string[], value: unknown, at) =>
    isObject(value) ? names.flatMap((name) => fault(name in value, at, `has no ${name}`)) : [],
  dependentRequired: (others: Record<string, readonly string[]>, value: unknown, at) =>
    isObject(value)
      ? Object.entries(others).flatMap(([name, needed]) =>
          name in value ? needed.flatMap((one) => fault(one in value, at, `has ${name} and no ${one}`)) : [],
        )
      : [],
  properties: (schemas: Record<string, Schema>, value: unknown, at) =>
    isObject(value)
      ? Object.entries(schemas).flatMap(([name, schema]) =>
          name in value ? check(schema, value[name], `${at}/${name}`) : [],
        )
      : [],
  additionalProperties: (others: boolean | Schema, value: unknown, at, { properties = {} }) =>
    !isObject(value)
      ? []
      : Object.entries(value)
          .filter(([name]) => !(name in (properties as object)))
          .flatMap(([name, other]) =>
            typeof others === 'boolean' ? fault(others, at, `has ${name}`) : check(others, other, `${at}/${name}`),
          ),
  items: (schema: Schema, value: unknown, at) =>
    Array.isArray(value) ? value.flatMap((item, index) => check(schema, item, `${at}/${index}`)) : [],
  anyOf: (schemas: readonly Schema[], value, at) => {
    const faults = schemas.map((schema) => check(schema, value, at));
    return faults.some((some) => some.length === 0) ? [] : faults.flat();
  },
  oneOf: (schemas: readonly Schema[], value, at) => {
    const faults = schemas.map((schema) => check(schema, value, at));
    return fault(faults.filter((some) => some.length === 0).length === 1, at, 'is not exactly one of several');
  },
};

export function check(schema: Schema, value: unknown, at = ''): string[] {
  return Object.entries(schema)
    .filter(([keyword]) => !ANNOTATIONS.has(keyword))
    .flatMap(([keyword, wanted]) => {
      const one = CHECKS[keyword];
      if (!one) throw new Error(`no check for ${keyword}`);
      return one(wanted as never, value as never, at, schema);
    });
}
