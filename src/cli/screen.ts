/**
 * The alternate screen of a terminal, drawn anew as a whole; what was on the
 * terminal before is there again afterwards.
 */

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** The members of a terminal that are used. */
export type Terminal = Pick<NodeJS.WriteStream, 'write' | 'columns' | 'rows' | 'on' | 'off'>;

export class Screen {
  readonly #terminal: Terminal;
  readonly #onResize: () => void;

  constructor(terminal: Terminal, onResize: () => void) {
    this.#terminal = terminal;
    this.#onResize = onResize;
    terminal.write(ENTER);
    terminal.on('resize', onResize);
    // However the process ends.
    process.once('exit', this.close);
  }

  get width(): number {
    return this.#terminal.columns;
  }

  /** @param lines none wider than the screen; those below its last row are left out */
  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, this.#terminal.rows);
    this.#terminal.write(`${HOME}${shown.map((line) => line + CLEAR_LINE).join('\r\n')}${CLEAR_BELOW}`);
  }

  readonly close = (): void => {
    process.off('exit', this.close);
    this.#terminal.off('resize', this.#onResize);
    this.#terminal.write(LEAVE);
  };
}
