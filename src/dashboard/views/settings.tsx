/**
 * The findings of the proxy about itself, and the settings in force with where they come from; a secret is only said to
 * be set.
 */
import { useState } from 'preact/hooks';
import type { DoctorAnswer, DoctorFinding, SettingsAnswer } from '../api/answers.ts';
import { useResource } from '../api/resource.ts';
import { formatCount } from '../format.ts';
import { Problem } from '../part/problem.tsx';
import { Skeleton } from '../part/skeleton.tsx';

const TONES = { ok: 'good', warning: 'warn', failure: 'bad' } as const;
const WORDS = { ok: 'ok', warning: 'look', failure: 'wrong' } as const;

export function SettingsView() {
  return (
    <div class="settings">
      <Doctor />
      <Settings />
      <p class="quiet">
        This page is made with Preact and uPlot; <a href="./page/licences.txt">their licences</a>.
      </p>
    </div>
  );
}

function Doctor() {
  const { value, error, isSlow, reload } = useResource<DoctorAnswer>('/doctor');
  return (
    <section aria-label="Doctor">
      <header class="row">
        <h1>Doctor</h1>
        <button type="button" class="plain" onClick={reload}>
          Look again
        </button>
      </header>
      {error && <Problem error={error} />}
      {isSlow && <Skeleton />}
      <ul class="findings">
        {value?.checks
          .toSorted((one, other) => rankOf(one) - rankOf(other))
          .map((finding) => (
            <Finding key={finding.check} finding={finding} />
          ))}
      </ul>
    </section>
  );
}

function Finding({ finding: { check, state, says, advice, details } }: { readonly finding: DoctorFinding }) {
  return (
    <li class={`finding ${state}`}>
      <span class={`sign ${TONES[state]}`}>
        <i aria-hidden="true">{state === 'ok' ? '●' : '▲'}</i>
        {WORDS[state]}
      </span>
      <b>{check}</b>
      <div>
        <p>{says}</p>
        {advice !== null && <p>{advice}</p>}
        {details.map((detail) => (
          <p key={detail} class="quiet">
            {detail}
          </p>
        ))}
      </div>
    </li>
  );
}

function rankOf({ state }: DoctorFinding): number {
  return ['failure', 'warning', 'ok'].indexOf(state);
}

function Settings() {
  const { value, error } = useResource<SettingsAnswer>('/settings');
  const [text, setText] = useState('');
  const [isSetOnly, setSetOnly] = useState(false);
  const all = value?.settings ?? [];
  const fitting = all.filter(
    ({ path, from }) => path.toLowerCase().includes(text.toLowerCase()) && (!isSetOnly || from !== null),
  );
  return (
    <section aria-label="Settings">
      <header class="row">
        <h1>Settings</h1>
        <input
          type="search"
          aria-label="Name of a setting"
          placeholder="Name"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <label class="row">
          <input type="checkbox" checked={isSetOnly} onChange={(event) => setSetOnly(event.currentTarget.checked)} />
          Set only
        </label>
        <span class="quiet">{value && `${formatCount(fitting.length)} of ${formatCount(all.length)}`}</span>
      </header>
      {error && <Problem error={error} />}
      <section class="scroll-x" aria-label="All of them" tabIndex={0}>
        <table class="lines">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {fitting.map(({ path, value: inForce, from }) => (
              <tr key={path}>
                <th scope="row" class="mono">
                  {path}
                </th>
                <td class="mono wrap">{typeof inForce === 'string' ? inForce : JSON.stringify(inForce)}</td>
                <td class={from === null ? 'quiet' : ''}>{from ?? 'default'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
