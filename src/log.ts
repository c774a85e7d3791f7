/**
 * One JSON line per event, on standard error: standard output carries the
 * ready line alone. Headers and bodies are never passed to a log call; what
 * slips in under a credential's name is censored all the same.
 */
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';

export type Log = Logger;

const SECRETS = ['authorization', 'api-key', 'x-api-key', 'cookie', 'set-cookie', 'token', 'secret'];

export function createLog(level: string, sink: DestinationStream = destination({ fd: 2, sync: true })): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: '[secret]' },
      serializers: { err: describeError },
    },
    sink,
  );
}

/** An error's name, code and message; its stack only for failures that are not expected. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  const code = (error as NodeJS.ErrnoException).code;
  return code === undefined ? { name, message, stack } : { name, code, message };
}
