/**
 * A view that cannot be drawn, for a fault of ours: it says so in its own place, and the rest of the page stays.
 */
import { Component, type ComponentChildren } from 'preact';
import { Problem } from './problem.tsx';

interface BoundaryProps {
  /** Names the view: another one is drawn anew. */
  readonly place: string;
  readonly children: ComponentChildren;
}

interface Failed {
  readonly place: string;
  readonly message: string;
}

export class Boundary extends Component<BoundaryProps, { readonly failed: Failed | null }> {
  override state = { failed: null as Failed | null };

  override componentDidCatch(error: unknown): void {
    this.setState({ failed: { place: this.props.place, message: String(error) } });
  }

  override render({ place, children }: BoundaryProps) {
    const { failed } = this.state;
    if (failed?.place !== place) return children;
    return <Problem error={{ status: 200, message: failed.message }} onRetry={() => this.setState({ failed: null })} />;
  }
}
