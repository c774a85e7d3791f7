/**
 * The overview before the first request: how a client is pointed at the proxy, and a box that sees it arrive.
 */
import { useState } from 'preact/hooks';
import type { StateAnswer } from '../api/answers.ts';
import { useResource } from '../api/resource.ts';
import { CopyButton } from '../part/copy-button.tsx';

const CLIENTS = ['Node', 'Python', 'curl'] as const;

export function FirstRequest({ state }: { readonly state: StateAnswer | null }) {
  const [client, setClient] = useState<(typeof CLIENTS)[number]>('Node');
  // The frame asks every few seconds; who waits for the first request wants to see it at once.
  const seen = (useResource<StateAnswer>('/state', 1_000).value?.requests.requests ?? 0) > 0;
  const text = snippetFor(client, addressOf(state));
  return (
    <section class="first">
      <h1>Point a client at it</h1>
      <p class="quiet">Any OpenAI client: only its base URL changes. Ask something twice, and the second is a hit.</p>
      <div class="switch" role="group" aria-label="Client">
        {CLIENTS.map((one) => (
          <button key={one} type="button" aria-pressed={one === client} onClick={() => setClient(one)}>
            {one}
          </button>
        ))}
      </div>
      <div class="snippet">
        <pre>{text}</pre>
        <CopyButton text={text} label="Copy" />
      </div>
      <p class={`waiting ${seen ? 'seen' : ''}`} role="status">
        <i aria-hidden="true">{seen ? '●' : '○'}</i>
        {seen ? 'First request seen. The figures come in a moment.' : 'Waiting for the first request…'}
      </p>
    </section>
  );
}

function addressOf(state: StateAnswer | null): string {
  const { host = '127.0.0.1', port = 4747, tls = false } = state?.api ?? {};
  const isAny = host === '0.0.0.0' || host === '::';
  const name = isAny ? location.hostname : host.includes(':') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${name}:${port}/v1`;
}

function snippetFor(client: (typeof CLIENTS)[number], baseURL: string): string {
  switch (client) {
    case 'Node':
      return `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${baseURL}' });
const answer = await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Why is the sea salt?' }],
});
console.log(answer.choices[0].message.content);`;
    case 'Python':
      return `from openai import OpenAI

client = OpenAI(base_url="${baseURL}")
answer = client.chat.completions.create(
    model="gpt-4o-mini",
    messages=[{"role": "user", "content": "Why is the sea salt?"}],
)
print(answer.choices[0].message.content)`;
    case 'curl':
      return `curl ${baseURL}/chat/completions \\
  -H "authorization: Bearer $OPENAI_API_KEY" \\
  -H "content-type: application/json" \\
  -d '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Why is the sea salt?"}]}'`;
  }
}
