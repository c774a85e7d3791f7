import type { Books } from './books.ts';
import { CommandError } from './failure.ts';
export function openFiles(path: string): { books: Books; path: string; close: () => void } {
  throw new CommandError(`${path} cannot be read yet`);
}
