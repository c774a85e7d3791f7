/**
 * An error in the place of what it keeps from being shown, with a way to try again.
 */
import type { AskError } from '../api/client.ts';

interface ProblemProps {
  readonly error: Pick<AskError, 'status' | 'message'>;
  readonly onRetry?: () => void;
}

export function Problem({ error, onRetry }: ProblemProps) {
  return (
    <div class="problem" role="alert">
      <strong>{error.status === 0 ? 'The proxy does not answer.' : 'This cannot be shown.'}</strong>
      <p>{error.message}</p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
