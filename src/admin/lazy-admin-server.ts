/**
 * The admin API before its first request: `admin` and all that it needs are
 * loaded then, or before it by `prepare`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Express } from 'express';
import type { AdminOptions } from './admin.ts';

export class LazyAdminServer {
  readonly #options: AdminOptions;
  #admin: Express | undefined;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  async prepare(): Promise<Express> {
    const { createAdmin } = await import('./admin.ts');
    return (this.#admin ??= createAdmin(this.#options));
  }

  /** Where it cannot be loaded, the connection breaks. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      (await this.prepare())(request, response);
    } catch (err) {
      this.#options.log.error({ err }, 'the admin API could not be loaded');
      response.destroy();
    }
  }
}
