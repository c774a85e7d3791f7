/**
 * The room with one of its rules taken away: a row of a table, or a refusal.
 */
import { build, parseAst } from 'vite';
import type { derive } from '../../src/forms/derive.ts';
import type { Entry } from '../../src/response/entry.ts';
import { CASES, type Case } from './cases.ts';
import { entryOf } from './samples.ts';

type Derive = typeof derive;

/** The entry that a case is about. */
export function entryOfCase({ form, body, headers, status, bytes }: Case): Entry {
  const entry = entryOf({ form, body }, bytes && { body: bytes });
  return { ...entry, head: { ...entry.head, ...(headers && { headers }), ...(status && { status }) } };
}

/** The outcome of a case, as text. */
function outcomeOf(derive: Derive, one: Case): string {
  const { form, to, endpoint, isStreamable = true } = one;
  try {
    return derive(entryOfCase(one), form, to, { endpoint, isStreamable })?.body.toString() ?? 'refused';
  } catch (error) {
    return `thrown: ${error}`;
  }
}

/** A node of the syntax tree, as far as it is read. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

/** A rule, by its place in the source, and what stands there without it. */
export interface Rule {
  readonly start: number;
  readonly end: number;
  readonly instead: string;
}

export class Room {
  readonly #code: string;
  readonly #modules: ReadonlyMap<string, unknown>;

  private constructor(code: string, modules: ReadonlyMap<string, unknown>) {
    this.#code = code;
    this.#modules = modules;
  }

  /** All of it as one script, so that a mutant is made in a millisecond. */
  static async read(): Promise<Room> {
    const entry = new URL('../../src/forms/derive.ts', import.meta.url).pathname;
    const built = await build({
      configFile: false,
      logLevel: 'silent',
      build: {
        write: false,
        minify: false,
        ssr: entry,
        rolldownOptions: { external: [/\/response\//, /^node:/], treeshake: false, output: { format: 'cjs' } },
      },
    });
    const [{ code }] = (built as unknown as { output: [{ code: string }] }).output;
    const modules = new Map<string, unknown>();
    for (const [, name = ''] of code.matchAll(/require\("([^"]+)"\)/g)) {
      const path = name.startsWith('.')
        ? new URL(`../../src/${name.replace(/^[./]+/, '')}`, import.meta.url).href
        : name;
      modules.set(name, await import(path));
    }
    return new Room(code, modules);
  }

  rules(): Rule[] {
    const rules: Rule[] = [];
    const tree = parseAst(this.#code) as unknown as { readonly body: readonly Node[] };
    for (const statement of tree.body) {
      if (statement.type === 'VariableDeclaration') this.#addRows(statement, rules);
      this.#addRefusals(statement, rules);
    }
    return rules;
  }

  /** The line of a rule, for whoever reads that it is not tested. */
  lineOf({ start, end }: Rule): string {
    const before = this.#code.slice(0, start);
    const file = before.match(/\/\/ (src\/\S+)(?![\s\S]*\/\/ src\/)/)?.[1];
    const [rule, place] = [this.#code.slice(start, end), before.slice(-60)].map((text) => text.replaceAll(/\s+/g, ' '));
    return `${file}: ${rule} after ${place}`;
  }

  /** @param onError is told why something was refused */
  load(rule: Rule | null, onError: (why: string) => void = () => {}): Derive {
    const code = rule ? this.#code.slice(0, rule.start) + rule.instead + this.#code.slice(rule.end) : this.#code;
    class Failure extends Error {
      constructor(why: string) {
        super(why);
        onError(why);
      }
    }
    const exported = {};
    new Function('require', 'exports', 'Error', code)((name: string) => this.#modules.get(name), exported, Failure);
    return (exported as { derive: Derive }).derive;
  }

  textOf({ start, end }: Rule): string {
    return this.#code.slice(start, end);
  }

  /** Rows of tables: members and items of whatever is made once, outside functions. */
  #addRows(node: Node, rules: Rule[]): void {
    const rows =
      node.type === 'ObjectExpression' ? node['properties'] : node.type === 'ArrayExpression' ? node['elements'] : [];
    for (const row of rows as readonly Node[]) {
      const end = this.#code.slice(row.end).match(/^\s*,/)?.[0].length ?? 0;
      rules.push({ start: row.start, end: row.end + end, instead: '' });
    }
    if (/Function|Class/.test(node.type)) return;
    for (const child of childrenOf(node)) this.#addRows(child, rules);
  }

  #addRefusals(node: Node, rules: Rule[]): void {
    const { type, start, end } = node;
    if (type === 'ExpressionStatement' && isCallOf(node['expression'], 'refuseIf'))
      rules.push({ start, end, instead: ';' });
    if (type === 'IfStatement' && isRefusal(node['consequent'])) rules.push({ start, end, instead: ';' });
    if (type === 'LogicalExpression' && isCallOf(node['right'], 'refuse'))
      rules.push({ start: (node['left'] as Node).end, end, instead: '' });
    if (type === 'ConditionalExpression' && isCallOf(node['alternate'], 'refuse'))
      rules.push({ start, end, instead: this.#text(node['consequent'] as Node) });
    for (const child of childrenOf(node)) this.#addRefusals(child, rules);
  }

  #text({ start, end }: Node): string {
    return this.#code.slice(start, end);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter(isNode);
}

function isCallOf(node: unknown, name: string): boolean {
  return isNode(node) && node.type === 'CallExpression' && (node['callee'] as Node)['name'] === name;
}

function isRefusal(node: unknown): boolean {
  if (!isNode(node)) return false;
  if (node.type === 'ReturnStatement') return isCallOf(node['argument'], 'refuse');
  return node.type === 'ExpressionStatement' && isCallOf(node['expression'], 'refuse');
}

interface Outcome {
  readonly about: Case;
  readonly text: string;
  /** Why it was refused; empty where it was not. */
  readonly why: string;
}

/** The outcomes of all cases as the room is. */
function outcomesOf(room: Room): Outcome[] {
  let why = '';
  const derive = room.load(null, (last) => {
    why = last;
  });
  return CASES.map((about) => {
    why = '';
    const text = outcomeOf(derive, about);
    return { about, text, why };
  });
}

/** The rules without which every case comes out as before. @param everyNth of the rules is dropped, one at a time */
export async function findUntested(
  everyNth: number,
): Promise<{ readonly rules: number; readonly untested: readonly string[] }> {
  const room = await Room.read();
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const outcomes = outcomesOf(room);
    const rules = room.rules().filter((_, at) => at % everyNth === 0);
    const untested = rules.filter((rule) => !isNoticed(room, rule, outcomes));
    return { rules: rules.length, untested: untested.map((rule) => room.lineOf(rule)) };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** @param outcomes of all cases: the one that notices is put first, since it notices what stands beside the rule too */
function isNoticed(room: Room, rule: Rule, outcomes: Outcome[]): boolean {
  const derive = loaded(room, rule);
  if (derive === null) return true;
  const text = room.textOf(rule);
  const likely = outcomes.filter(({ why }) => isLikely(text, why));
  const others = outcomes.filter((outcome) => !likely.includes(outcome));
  const noticing = [...likely, ...others].find((outcome) => outcomeOf(derive, outcome.about) !== outcome.text);
  if (noticing === undefined) return false;
  outcomes.splice(outcomes.indexOf(noticing), 1);
  outcomes.unshift(noticing);
  return true;
}

/** A refusal is told by what it refused, the row of a table by what is derived. */
function isLikely(rule: string, why: string): boolean {
  return rule.includes('refuse') ? why !== '' && rule.includes(why) : why === '';
}

/** Null where the room does not even load without it. */
function loaded(room: Room, rule: Rule): Derive | null {
  try {
    return room.load(rule);
  } catch {
    return null;
  }
}
