/**
 * The arguments with which a model calls a function: text that is to be JSON.
 * What it says to a custom tool is free text, and is not judged.
 */
import { isWholeJson } from './json.ts';

/** Some servers send the arguments themselves where the API has their text, or null where there are none. */
export function argumentsText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/**
 * Empty arguments are how OpenAI and many servers after it call a function
 * without parameters (openai-python#3502). Of an answer that was `cut` they
 * may be arguments that had not begun.
 */
export function areArgumentsWhole(text: string, cut: boolean): boolean {
  return text.trim() === '' ? !cut : isWholeJson(text, cut);
}
