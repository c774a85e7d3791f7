/**
 * The parts of documents that are made from code.
 */
import { environmentExample, exitsTable, settingsTable } from './config/documents.ts';
import { idleMetrics } from './ledger/idle-metrics.ts';
import { DIALECTS, readsAsOpenai } from '../src/dialect.ts';
import { ACCOUNTS, CREDENTIALS, USER_HEADERS } from '../src/request/caller.ts';
import { ENDPOINTS } from '../src/endpoint.ts';
import { REQUEST_ENDPOINTS } from '../src/request/endpoints/table.ts';
import { AUTHORED_IDS, FORM_FIELDS, IGNORED_FIELDS, ITEM_NOTES } from '../src/request/fields.ts';
import { HEADER_RULES, isInForce } from '../src/request/ignored-headers.ts';

export { environmentExample };

export interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** Every metric that a proxy has. */
export function listMetrics(): Metric[] {
  const metrics = idleMetrics();
  metrics.close();
  const listed = metrics.registry.getMetricsAsArray() as unknown as {
    name: string;
    type: string;
    labelNames: string[];
    help: string;
  }[];
  return listed.map(({ name, type, labelNames, help }) => ({ name, type, labels: labelNames, help }));
}

/** The documents with parts that are made from code, and how each part is. */
const PARTS: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'docs/key.md': { key: keyTable, fields: fieldsTable },
  'docs/operation.md': { exits: exitsTable, metrics: metricsTable },
  'docs/settings.md': { settings: settingsTable },
};

const DESCRIPTION = 'config/openapi.json';

export const generatedDocuments: readonly string[] = [...Object.keys(PARTS), DESCRIPTION];

/** A document with its tables as the code has them now. @param path below the top of the repository */
export function refreshDocument(path: string, text: string): string {
  if (path === DESCRIPTION) return refreshDescription(text);
  return Object.entries(PARTS[path] ?? {}).reduce((whole, [name, make]) => withPart(whole, name, make()), text);
}

/** The description of the admin API with its endpoints as the code has them now. */
function refreshDescription(openapi: string): string {
  const names = ENDPOINTS.map((name) => `"${name}"`).join(', ');
  return openapi.replace(/("Endpoint": \{\s*"type": "string",\s*"enum": )\[[^\]]*\]/, `$1[${names}]`);
}

/** The text between `<!-- name -->` and `<!-- /name -->`. */
export function partOf(text: string, name: string): string {
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from === -1 || to === -1) throw new Error(`there is no part ${name}`);
  return text.slice(from + start.length, to);
}

export function withPart(text: string, name: string, part: string): string {
  return text.replace(`<!-- ${name} -->\n${partOf(text, name)}`, () => `<!-- ${name} -->\n${part.trimEnd()}\n`);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function metricsTable(): string {
  const rows = listMetrics().map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${quoted(labels)} | ${help} |`,
  );
  return ['| Metric | Type | Labels | Meaning |', '|---|---|---|---|', ...rows].join('\n');
}

/** The parts of a request that each dialect leaves out of the key, and why. */
function keyTable(): string {
  const places = (isOut: (dialect: (typeof DIALECTS)[number]) => boolean) =>
    DIALECTS.map((dialect) => (isOut(dialect) ? 'out' : '**in**')).join(' | ');
  const row = (names: readonly string[], isOut: Parameters<typeof places>[0], why: string) =>
    `| ${quoted(names)} | ${places(isOut)} | ${why} |`;
  const head = (what: string) => [
    `| ${what} | ${DIALECTS.map((dialect) => `\`${dialect}\``).join(' | ')} | because |`,
    `|---|${'---|'.repeat(DIALECTS.length)}---|`,
  ];
  const fields = [
    row(FORM_FIELDS, () => true, 'the form of the answer, not the answer, where an endpoint has both'),
    ...IGNORED_FIELDS.map(({ fields: names, isIgnored, why }) => row(names, isIgnored, why)),
    row(
      [AUTHORED_IDS],
      readsAsOpenai,
      'on `/responses` alone, ids that a client gives to what it wrote: messages of user, developer and system, ' +
        'outputs of tools that it ran (`function_call_output` and the like)',
    ),
    row([`/input/*/${ITEM_NOTES}`], readsAsOpenai, "there too, what Codex notes beside an item for OpenAI's records"),
  ];
  const headers = [
    row([...CREDENTIALS, ...ACCOUNTS], () => true, 'in the scope'),
    row(USER_HEADERS, () => true, 'in the scope, as `scope.headers` says'),
    ...HEADER_RULES.map(({ names, why, where }) => row(names, (dialect) => isInForce(where, dialect, true), why)),
  ];
  return [...head('body fields'), ...fields, '', ...head('headers'), ...headers].join('\n');
}

/** The fields of each endpoint that are in the key, by what they decide. */
function fieldsTable(): string {
  const rows = Object.entries(REQUEST_ENDPOINTS).map(([endpoint, { fields }]) => {
    const keyed = Object.entries<string>(fields).filter(([, why]) => why !== 'left out');
    const groups = [...Map.groupBy(keyed, ([, why]) => why)].map(
      ([why, entries]) => `*${why}* ${quoted(entries.map(([name]) => name))}`,
    );
    return `| ${endpoint} | ${groups.join('; ')} |`;
  });
  return ['| endpoint | known fields in the key |', '|---|---|', ...rows].join('\n');
}
