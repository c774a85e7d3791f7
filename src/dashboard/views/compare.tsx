/**
 * Two requests side by side: where they differ, and what would let them share an answer. Each is pasted, or the key of
 * an entry.
 */
import { useEffect, useState } from 'preact/hooks';
import type { ComparisonAnswer } from '../api/answers.ts';
import type { AskError } from '../api/client.ts';
import { Comparison } from '../compare/comparison.tsx';
import { asGiven, comparedBody } from '../compare/compared-body.ts';
import { usePage } from '../page-context.ts';
import { Problem } from '../part/problem.tsx';
import { hashWith } from '../route.ts';

export function Compare() {
  const { api, route, go } = usePage();
  const { params } = route.value;
  const [texts, setTexts] = useState({ a: params['a'] ?? '', b: params['b'] ?? '' });
  const [result, setResult] = useState<ComparisonAnswer | null>(null);
  const [error, setError] = useState<AskError | { message: string; status: number } | null>(null);

  const compare = async ({ a, b }: typeof texts) => {
    setError(null);
    const body = comparedBody(a, b);
    if (typeof body === 'string') {
      setResult(null);
      return setError({ message: body, status: 400 });
    }
    // Only keys go into the address: a prompt has no place in it.
    if (body.keys) go(hashWith(route.value, { a: a.trim(), b: b.trim() }), true);
    await api.post<ComparisonAnswer>('/explain', body).then(
      (answer) => setResult(asGiven(answer, a, body)),
      (cause: AskError) => {
        setResult(null);
        setError(cause);
      },
    );
  };
  useEffect(() => {
    const next = { a: params['a'] ?? texts.a, b: params['b'] ?? texts.b };
    setTexts(next);
    if (params['a'] !== undefined && params['b'] !== undefined) void compare(next);
  }, [params['a'], params['b']]);

  return (
    <div class="compare">
      <h1>Compare</h1>
      <p class="quiet">
        Two requests, each the key of an entry or a body in JSON: whether they share an answer, and if not, why.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void compare(texts);
        }}
      >
        <div class="sides">
          {(['a', 'b'] as const).map((side) => (
            <label key={side}>
              Request {side.toUpperCase()}
              <textarea
                rows={texts.a.length + texts.b.length > 200 || result === null ? 7 : 2}
                spellcheck={false}
                placeholder={'A key such as 3f9a0c…, or {"model": …, "messages": […]}'}
                value={texts[side]}
                onInput={(event) => setTexts({ ...texts, [side]: event.currentTarget.value })}
              />
            </label>
          ))}
        </div>
        <button type="submit" class="main" disabled={texts.a.trim() === '' || texts.b.trim() === ''}>
          Compare
        </button>
      </form>
      {error && <Problem error={error} />}
      {result && <Comparison result={result} />}
    </div>
  );
}
