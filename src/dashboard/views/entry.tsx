/**
 * One entry: what was asked and answered, what it saved, and what can be done with it.
 */
import { useState } from 'preact/hooks';
import type { EntryDetail, StateAnswer } from '../api/answers.ts';
import type { AskError } from '../api/client.ts';
import { useResource } from '../api/resource.ts';
import { curlOf } from '../entry/curl.ts';
import { Headers, Raw, Talk } from '../entry/entry-body.tsx';
import { EntryFacts } from '../entry/entry-facts.tsx';
import { Nearest } from '../entry/nearest.tsx';
import { usePage } from '../page-context.ts';
import { CopyButton } from '../part/copy-button.tsx';
import { Problem } from '../part/problem.tsx';
import { Skeleton } from '../part/skeleton.tsx';
import { hashFrom, hashWith } from '../route.ts';

const TABS = { talk: 'Conversation', raw: 'Raw', headers: 'Headers', nearest: 'Nearest' } as const;

type Tab = keyof typeof TABS;

interface EntryViewProps {
  readonly entryKey: string;
  readonly state: StateAnswer | null;
}

export function EntryView({ entryKey, state }: EntryViewProps) {
  const { route, go } = usePage();
  const { value, error, isSlow } = useResource<EntryDetail>(`/entries/${encodeURIComponent(entryKey)}`);
  const { params } = route.value;
  const missed = params['miss'];
  const tab = Object.keys(TABS).find((one): one is Tab => one === params['tab']) ?? 'talk';
  return (
    <article class="entry">
      <p>
        <a href={hashFrom(route.value, missed === undefined ? 'entries' : 'live')}>
          ← {missed === undefined ? 'Entries' : 'Live'}
        </a>
      </p>
      {isSlow && <Skeleton />}
      {!value && error && <Missing error={error} missed={missed} />}
      {value && (
        <>
          <Head entry={value} state={state} />
          <EntryFacts entry={value} />
          {missed !== undefined && <Nearest entryKey={value.key} reason={missed} />}
          <div class="switch" role="group" aria-label="Shown as">
            {Object.entries(TABS).map(([one, name]) => (
              <button
                key={one}
                type="button"
                aria-pressed={one === tab}
                onClick={() => go(hashWith(route.value, { tab: one }), true)}
              >
                {name}
              </button>
            ))}
          </div>
          {tab === 'talk' && <Talk entry={value} />}
          {tab === 'raw' && <Raw entry={value} />}
          {tab === 'headers' && <Headers entry={value} />}
          {tab === 'nearest' && <Nearest entryKey={value.key} reason={undefined} />}
        </>
      )}
    </article>
  );
}

function Head({ entry, state }: { readonly entry: EntryDetail; readonly state: StateAnswer | null }) {
  const { route } = usePage();
  const { key, form, model, endpoint, request } = entry;
  return (
    <>
      <h1 class="cut">
        {model ?? 'no model'} <span class="quiet">{endpoint}</span>
      </h1>
      <p class="row">
        <code class="cut">{key}</code>
        <CopyButton text={key} label="Copy key" />
        <span class="grow" />
        {request && (
          <CopyButton text={() => curlOf(request, form, state?.api, location.hostname)} label="Copy as curl" />
        )}
        <a class="button" href={hashFrom(route.value, 'compare', { a: key })}>
          Compare…
        </a>
        <Deletion entryKey={key} />
      </p>
    </>
  );
}

/** Asked twice: the second click is the one that counts. */
function Deletion({ entryKey }: { readonly entryKey: string }) {
  const { api, route, go } = usePage();
  const [isSure, setSure] = useState(false);
  const [error, setError] = useState<AskError | null>(null);
  const remove = async () => {
    try {
      await api.ask(`/entries/${encodeURIComponent(entryKey)}`, { method: 'DELETE' });
      go(hashFrom(route.value, 'entries'), true);
    } catch (cause) {
      setError(cause as AskError);
    }
  };
  return (
    <>
      <button
        type="button"
        class="danger"
        onClick={() => (isSure ? void remove() : setSure(true))}
        onBlur={() => setSure(false)}
      >
        {isSure ? 'Delete it for good' : 'Delete'}
      </button>
      {error && (
        <span role="alert" class="says">
          {error.message}
        </span>
      )}
    </>
  );
}

/** There is no such entry; or several, which are listed. */
function Missing({ error, missed }: { readonly error: AskError; readonly missed: string | undefined }) {
  const { route } = usePage();
  const keys = error.code === 'ambiguous_key' ? error.message.match(/[0-9a-f]{64}\.[a-z+]+(?:~[0-9a-f]{16})?/g) : null;
  if (!keys) return <Problem error={error} />;
  const more = missed === undefined ? {} : { miss: missed };
  return (
    <>
      <h1>Kept in several forms</h1>
      <ul>
        {keys.map((key) => (
          <li key={key}>
            <a href={hashFrom(route.value, 'entries', more, key)}>{key.slice(65)}</a>
          </li>
        ))}
      </ul>
    </>
  );
}
