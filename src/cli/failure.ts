/** Why a command could not be done, in one line for standard error; it exits with 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
