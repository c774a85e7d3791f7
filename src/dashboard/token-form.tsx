/**
 * The form that asks for the token, once, in a shape that password managers know. Where it is right, the view behind it
 * comes as it was asked for.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { usePage } from './page-context.ts';

export function TokenForm() {
  const { api } = usePage();
  const [token, setToken] = useState('');
  const [isAsking, setAsking] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const onSubmit = async (event: Event) => {
    event.preventDefault();
    setAsking(true);
    await api.offer(token);
    setAsking(false);
    input.current?.select();
  };
  const isWrong = api.access.value === 'wrong';
  return (
    <form class="token" onSubmit={(event) => void onSubmit(event)}>
      <h1>This proxy asks for a token</h1>
      <p class="quiet">
        It is the setting <code>admin.token</code>. It stays in the memory of this page alone; a reload asks again.
      </p>
      <input
        class="hidden"
        type="text"
        name="username"
        value="refrain"
        autocomplete="username"
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      <label for="token">Token</label>
      <div class="row">
        <input
          ref={input}
          id="token"
          type="password"
          name="password"
          autocomplete="current-password"
          required
          value={token}
          aria-invalid={isWrong}
          aria-describedby="token-says"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button type="submit" class="main" disabled={isAsking || token === ''}>
          Open
        </button>
      </div>
      <p id="token-says" role="alert" class="says">
        {isWrong ? 'That is not the token.' : ''}
      </p>
    </form>
  );
}
