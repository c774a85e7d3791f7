/**
 * Colours of a text on a stream: only a terminal gets them, and not with
 * NO_COLOR; or whatever FORCE_COLOR says.
 */
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

export type Paint = (style: Style, text: string) => string;

export function paintFor(stream: NodeJS.WritableStream): Paint {
  return (style, text) => styleText(style, text, { stream });
}
