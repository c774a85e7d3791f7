/**
 * Completion of a command line by a shell: what `eval "$(refrain completion bash)"` and its like take. A small function
 * for each shell, and beneath it the words and flags of all commands, from their tables: nothing is run to complete.
 */
import { type Shell, SHELLS } from './command-options.ts';
import { type CommandName, commandNames, formOf } from './commands.ts';
import { settingFlags } from './help.ts';
import { flagName, type Option } from './setting.ts';
import { settingAt, textPaths } from './settings.ts';
import { isSwitch } from './switch-flags.ts';

/** A flag as it is completed. */
interface Flag {
  readonly name: string;
  readonly meaning: string;
  /** All that its value may be, where that is a few words. */
  readonly words: readonly string[];
  /** False where no value follows it. */
  readonly isValued: boolean;
}

/** The script for a shell. */
export function completionFor(name: Shell): string {
  return SCRIPTS[name]();
}

function flagsOf(command: CommandName): readonly Flag[] {
  const { options, switches } = formOf(command);
  return [
    ...Object.entries<Option>(options).map(([path, option]) => flagOf(flagName(path), option)),
    ...Object.entries(switches).map(([path, meaning]) => ({
      name: flagName(path),
      meaning,
      words: [],
      isValued: false,
    })),
    { name: 'help', meaning: 'Show all of this command', words: [], isValued: false },
  ];
}

/** Those that every command takes. */
function commonFlags(): readonly Flag[] {
  const settings = textPaths.map((path) => flagOf(flagName(path), settingAt(path)));
  const known = new Set(settings.map(({ name }) => name));
  const others = settingFlags().filter(({ flag }) => !known.has(flag));
  return [...settings, ...others.map(({ flag, meaning }) => ({ name: flag, meaning, words: [], isValued: true }))];
}

function flagOf(name: string, type: Pick<Option, 'meaning' | 'words' | 'schema' | 'allowed'>): Flag {
  return { name, meaning: type.meaning, words: type.words ?? [], isValued: !isSwitch(type) };
}

/** The words that may stand behind a command, where they are ours. */
const OPERANDS: { readonly [Name in CommandName]?: readonly string[] } = {
  completion: SHELLS,
  cassette: ['ls', 'show', 'prune', 'import', 'export'],
};

const dashed = (flags: readonly Flag[]) => flags.map(({ name }) => `--${name}`).join(' ');

/** Flags by what may follow them: patterns of a `case`. */
function valueCases(indent: string, wordsTo: (words: string) => string, files: string): string {
  const all = new Map([...commandNames.flatMap(flagsOf), ...commonFlags()].map((flag) => [flag.name, flag]));
  const valued = [...all.values()].filter(({ isValued }) => isValued);
  const few = valued.filter(({ words }) => words.length > 0);
  const rest = valued.filter(({ words }) => words.length === 0);
  return [
    ...few.map(({ name, words }) => `${indent}--${name}) ${wordsTo(words.join(' '))};;`),
    `${indent}${rest.map(({ name }) => `--${name}`).join('|')}) ${files};;`,
  ].join('\n');
}

const commandCases = (line: (command: CommandName) => string) =>
  commandNames.map((name) => `    ${name}) ${line(name)};;`).join('\n');

function bash(): string {
  const offer = (words: string) => `COMPREPLY=($(compgen ${words} -- "$word")); return`;
  return `# bash completion for refrain: eval "$(refrain completion bash)"
_refrain() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=start words= each
  local common='${dashed(commonFlags())}'
  COMPREPLY=()
  case $before in
${valueCases('    ', (words) => offer(`-W '${words}'`), offer('-f'))}
  esac
  [[ $COMP_CWORD -gt 1 && \${COMP_WORDS[1]} != -* ]] && command=\${COMP_WORDS[1]}
  case $command in
${commandCases((name) => `words='${[...(OPERANDS[name] ?? []), dashed(flagsOf(name))].join(' ')}'`)}
  esac
  [[ $COMP_CWORD -eq 1 ]] && words="${commandNames.join(' ')} help --version $words"
  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "$words $common" -- "$word"))
  else
    for each in $words; do [[ $each == "$word"* && $each != -* ]] && COMPREPLY+=("$each"); done
    [[ $COMP_CWORD -gt 1 && \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _refrain refrain`;
}

function zsh(): string {
  const described = commandNames.map((name) => quoted(`${name}:${formOf(name).meaning}`)).join(' ');
  return `#compdef refrain
# zsh completion for refrain: eval "$(refrain completion zsh)", behind compinit
_refrain() {
  local command=start
  local -a commands flags common operands
  commands=(${described})
  common=(${zshFlags(commonFlags())})
  case $words[CURRENT-1] in
${valueCases('    ', (few) => `compadd -- ${few}; return`, '_files; return')}
  esac
  (( CURRENT > 2 )) && [[ $words[2] != -* ]] && command=$words[2]
  case $command in
${commandCases((name) => `flags=(${zshFlags(flagsOf(name))}); operands=(${(OPERANDS[name] ?? []).join(' ')})`)}
  esac
  if [[ $PREFIX == -* ]]; then _describe -o flag flags -- common
  elif (( CURRENT == 2 )); then _describe command commands
  elif (( $#operands )) && (( CURRENT == 3 )); then compadd -- $operands
  else _files
  fi
}
compdef _refrain refrain`;
}

function zshFlags(flags: readonly Flag[]): string {
  return flags.map(({ name, meaning }) => quoted(`--${name}:${meaning}`)).join(' ');
}

function fish(): string {
  const line = (condition: string, { name, meaning, words, isValued }: Flag) => {
    const values = words.length > 0 ? ` -x -a ${quoted(words.join(' '))}` : isValued ? ' -r' : '';
    return `complete -c refrain${condition} -l ${name} -d ${quoted(meaning)}${values}`;
  };
  const isFirst = " -n '__fish_is_first_token'";
  const under = (name: CommandName) => ` -n '__fish_seen_subcommand_from ${name}'`;
  return [
    '# fish completion for refrain: refrain completion fish | source',
    ...commandNames.map((name) => `complete -c refrain -f${isFirst} -a ${name} -d ${quoted(formOf(name).meaning)}`),
    ...Object.entries(OPERANDS).map(
      ([name, words]) => `complete -c refrain -f${under(name as CommandName)} -a ${quoted(words.join(' '))}`,
    ),
    ...commandNames.flatMap((name) => flagsOf(name).map((flag) => line(under(name), flag))),
    ...commonFlags().map((flag) => line('', flag)),
  ].join('\n');
}

/** One word of any of these shells: none of our texts has a quote or a backslash that fish would take. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’').replaceAll('\\', '/')}'`;
}

const SCRIPTS: Readonly<Record<Shell, () => string>> = { bash, zsh, fish };
