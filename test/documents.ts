/**
 * The parts of documents that are made from code.
 */
import { environmentExample, settingsTable } from '../src/config/manual.ts';
import { FORM_FIELDS, IGNORED_FIELDS, IGNORED_HEADERS } from '../src/request/fields.ts';

export { environmentExample };

/** The README with its tables as the code has them now. */
export function refreshReadme(readme: string): string {
  return withPart(withPart(readme, 'settings', settingsTable()), 'key', keyTable());
}

/** What stands between `<!-- name -->` and `<!-- /name -->`. */
export function partOf(text: string, name: string): string {
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from === -1 || to === -1) throw new Error(`there is no part ${name}`);
  return text.slice(from + start.length, to);
}

function withPart(text: string, name: string, part: string): string {
  return text.replace(`<!-- ${name} -->\n${partOf(text, name)}`, () => `<!-- ${name} -->\n${part.trimEnd()}\n`);
}

function keyTable(): string {
  const row = (names: readonly string[], why: string) => `| ${names.map((name) => `\`${name}\``).join(', ')} | ${why} |`;
  const form = row(FORM_FIELDS, 'the form of the answer, not the answer (chat, completions and responses)');
  const fields = IGNORED_FIELDS.map(({ fields: names, why }) => row(names, why));
  const headers = IGNORED_HEADERS.map(({ names, why }) => row(names, why));
  return ['| body fields | because |', '|---|---|', form, ...fields, '', '| headers | because |', '|---|---|', ...headers].join('\n');
}
