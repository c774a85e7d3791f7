/**
 * Throwing entries away: first it is said how many, then the word has to be typed.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PurgedAnswer, SummaryAnswer } from '../api/answers.ts';
import type { AskError } from '../api/client.ts';
import { useResource } from '../api/resource.ts';
import { formatBytes, formatCount } from '../format.ts';
import { usePage } from '../page-context.ts';
import { Problem } from '../part/problem.tsx';

const FIELDS = ['model', 'endpoint', 'scope', 'tag'] as const;

type PurgeFields = Readonly<Record<(typeof FIELDS)[number] | 'days', string>>;

const NAMES = { model: 'Model', endpoint: 'Endpoint', scope: 'Scope', tag: 'Tag' } as const;

/** The word that confirms. */
const WORD = 'purge';

const DAY = 86_400;

export function Purge() {
  const { api, route } = usePage();
  const { model = '', scope = '', tag = '' } = route.value.params;
  const [criteria, setCriteria] = useState<PurgeFields>({ model, scope, tag, endpoint: '', days: '' });
  const [dry, setDry] = useState<PurgedAnswer | null>(null);
  const [done, setDone] = useState<PurgedAnswer | null>(null);
  const [error, setError] = useState<AskError | null>(null);
  // The criteria as they are now, to a count that comes when they are others.
  const latest = useRef(criteria);
  const change = (name: keyof PurgeFields, value: string) => {
    latest.current = { ...latest.current, [name]: value };
    setCriteria(latest.current);
    setDry(null);
    setDone(null);
  };
  const ask = async (dryRun: boolean) => {
    setError(null);
    const asked = api.post<PurgedAnswer>('/purge', { ...bodyOf(criteria), dryRun });
    await asked.then(
      (answer) => {
        if (dryRun && latest.current !== criteria) return;
        setDry(dryRun ? answer : null);
        setDone(dryRun ? null : answer);
      },
      (cause: AskError) => setError(cause),
    );
  };
  return (
    <div class="purge">
      <h1>Purge</h1>
      <p class="quiet">Throws away every entry that fits all of this. Left empty, it is every entry there is.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void ask(true);
        }}
      >
        <CriteriaFields criteria={criteria} onChange={change} />
        <button type="submit">Count what would go</button>
      </form>
      <div class="purge-says" role="status">
        {done && (
          <p>
            <b>{formatCount(done.entries)}</b> entries are gone, {formatBytes(done.bytes)}.
            {done.flights > 0 && ` ${formatCount(done.flights)} answers on their way are not kept.`}
          </p>
        )}
        {dry && <p>{dryWords(dry)}</p>}
      </div>
      {dry && dry.entries + dry.flights > 0 && <Confirmation count={dry.entries} onSure={() => void ask(false)} />}
      {error && <Problem error={error} />}
    </div>
  );
}

interface CriteriaFieldsProps {
  readonly criteria: PurgeFields;
  readonly onChange: (name: keyof PurgeFields, value: string) => void;
}

function CriteriaFields({ criteria, onChange }: CriteriaFieldsProps) {
  const { models = [], scopes = [] } = useResource<SummaryAnswer>('/stats').value?.periods.all ?? {};
  const known: Readonly<Record<string, readonly (string | null)[]>> = {
    model: models.map((one) => one.model),
    scope: scopes.map((one) => one.scope),
    endpoint: ['chat', 'completions', 'embeddings', 'messages', 'moderations', 'responses', 'rerank'],
    tag: [],
  };
  return (
    <div class="fields">
      {FIELDS.map((name) => (
        <label key={name}>
          {NAMES[name]}
          <input
            list={`known-${name}`}
            placeholder="any"
            autocomplete="off"
            value={criteria[name]}
            onInput={(event) => onChange(name, event.currentTarget.value)}
          />
          <datalist id={`known-${name}`}>
            {known[name]?.map((value) => value !== null && <option key={value} value={value} />)}
          </datalist>
        </label>
      ))}
      <label>
        Older than, in days
        <input
          type="number"
          min={0}
          step="any"
          placeholder="any"
          value={criteria.days}
          onInput={(event) => onChange('days', event.currentTarget.value)}
        />
      </label>
    </div>
  );
}

function Confirmation({ count, onSure }: { readonly count: number; readonly onSure: () => void }) {
  const [typed, setTyped] = useState('');
  useEffect(() => setTyped(''), [count]);
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed === WORD) onSure();
      }}
    >
      <label class="row">
        <span>
          To do it, type <b class="mono">{WORD}</b>
        </span>
        <input
          autocomplete="off"
          spellcheck={false}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="danger" disabled={typed !== WORD}>
        Purge {formatCount(count)} {count === 1 ? 'entry' : 'entries'}
      </button>
    </form>
  );
}

function dryWords({ entries, bytes, flights }: PurgedAnswer): string {
  if (entries + flights === 0) return 'Nothing fits.';
  const words = `${formatCount(entries)} ${entries === 1 ? 'entry' : 'entries'} would go, ${formatBytes(bytes)}.`;
  return flights > 0 ? `${words} ${formatCount(flights)} answers on their way would not be kept.` : words;
}

function bodyOf({ days, ...named }: PurgeFields): Readonly<Record<string, unknown>> {
  const chosen = Object.entries(named).filter(([, value]) => value.trim() !== '');
  const body = { ...Object.fromEntries(chosen), ...(days !== '' && { olderThan: Number(days) * DAY }) };
  return Object.keys(body).length === 0 ? { all: true } : body;
}
