/**
 * Failures of commands, each one line for standard error.
 */
import { ConfigError } from '../errors.ts';

/** The exit code of a failure of ours where the others are those of a command that is run. */
export const OWN_FAILURE = 125;

/** The command could not be done; it exits with 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/**
 * A refusal of the admin API, in the words of the command line.
 *
 * @param code of the API's envelope
 * @param message as it may be printed
 */
export function refusal(code: unknown, message: string): CommandError | ConfigError {
  const sentence = message.replace(/\.$/, '');
  switch (code) {
    case 'invalid_query':
    case 'invalid_body':
    case 'invalid_settings':
      return new ConfigError(sentence);
    case 'unauthorized':
      return new CommandError(`${sentence}; give it with REFRAIN_ADMIN_TOKEN`);
    case 'unknown_entry':
      return new CommandError(sentence.replace('GET /entries', 'refrain ls'));
    default:
      return new CommandError(sentence);
  }
}
