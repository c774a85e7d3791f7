/**
 * An output that remembers what was printed, and a person at its terminal.
 */
import { styleText } from 'node:util';
import type { Output } from '../../src/cli/output.ts';

export interface Recorder extends Output {
  /** On standard output. */
  readonly printed: string[];
  /** On standard error. */
  readonly notes: string[];
  readonly questions: string[];
}

/** @param answer what the person says to every question, or null where nobody is there */
export function recordOutput({
  answer = null,
  width = Infinity,
  isColoured = false,
}: {
  answer?: boolean | null;
  width?: number;
  isColoured?: boolean;
} = {}): Recorder {
  const printed: string[] = [];
  const notes: string[] = [];
  const questions: string[] = [];
  return {
    printed,
    notes,
    questions,
    width,
    screen: null,
    terminal: null,
    print: (text) => void printed.push(text),
    note: (line) => void notes.push(line),
    paint: (style, text) => (isColoured ? styleText(style, text, { validateStream: false }) : text),
    ask:
      answer === null
        ? null
        : async (question) => {
            questions.push(question);
            return answer;
          },
  };
}
