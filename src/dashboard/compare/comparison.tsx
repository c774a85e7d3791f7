/**
 * The result of a comparison: the verdict, the setting that would join both, the differences, all parts of the keys.
 */
import type { ComparedPart, ComparisonAnswer } from '../api/answers.ts';
import { shortKey } from '../format.ts';
import { CopyButton } from '../part/copy-button.tsx';
import { LongText } from '../part/long-text.tsx';

export function Comparison({ result }: { readonly result: ComparisonAnswer }) {
  const { same, differences, a, b, ignore } = result;
  const [why] = [a, b].flatMap((side) => side.why ?? []);
  return (
    <section class="comparison" aria-live="polite">
      <h2 class={same ? 'good' : 'bad'}>{same ? 'They share an answer.' : (why ?? 'They do not share an answer.')}</h2>
      {typeof ignore === 'string' && (
        <p class="row hint">
          <span>To let them share it, if these do not change answers:</span>
          <code>key.ignore = {JSON.stringify(ignore)}</code>
          <CopyButton text={ignore} label="Copy" />
        </p>
      )}
      {ignore === null && !same && <p class="quiet">What differs here changes answers: nothing should join them.</p>}
      {differences.length > 0 && <Differences differences={differences} />}
      <Parts a={a} b={b} />
    </section>
  );
}

function Differences({ differences }: { readonly differences: readonly ComparedPart[] }) {
  return (
    <section class="scroll-x" aria-label="Differences" tabIndex={0}>
      <table class="lines parts-table">
        <caption>What differs</caption>
        <thead>
          <tr>
            <th scope="col">Where</th>
            <th scope="col">A</th>
            <th scope="col">B</th>
          </tr>
        </thead>
        <tbody>
          {differences.map(({ pointer, a, b, note, hint }) => (
            <tr key={pointer} class="differs">
              <th scope="row">
                <code>{pointer}</code>
                {(note ?? hint) && <p class="quiet">{[note, hint].filter(Boolean).join('; ')}</p>}
              </th>
              <td>{a === null ? <span class="quiet">absent</span> : <LongText text={a} />}</td>
              <td>{b === null ? <span class="quiet">absent</span> : <LongText text={b} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Parts({ a, b }: Pick<ComparisonAnswer, 'a' | 'b'>) {
  const names = [...new Set([...Object.keys(a.parts ?? {}), ...Object.keys(b.parts ?? {})])];
  if (names.length === 0) return null;
  return (
    <section class="scroll-x" aria-label="Parts" tabIndex={0}>
      <table class="lines parts-table">
        <caption>Parts of the keys</caption>
        <thead>
          <tr>
            <th scope="col">Part</th>
            <th scope="col">A {a.key === null ? '' : shortKey(a.key)}</th>
            <th scope="col">B {b.key === null ? '' : shortKey(b.key)}</th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => {
            const [one, other] = [a.parts?.[name], b.parts?.[name]];
            return (
              <tr key={name} class={one === other ? '' : 'differs'}>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td>{one === undefined ? <span class="quiet">absent</span> : <LongText text={one} />}</td>
                <td>{other === undefined ? <span class="quiet">absent</span> : <LongText text={other} />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
