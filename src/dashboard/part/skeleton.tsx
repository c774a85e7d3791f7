/**
 * The place of a view that takes its time to come.
 */
export function Skeleton() {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      <div />
      <div />
      <div />
    </div>
  );
}
