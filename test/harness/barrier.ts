/**
 * A place to wait at until what is waited for has come about. Whoever brings
 * changes says so, and everybody who waits looks again.
 */
export class Barrier {
  #waiting: (() => void)[] = [];

  changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async until(met: () => boolean): Promise<void> {
    while (!met()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
