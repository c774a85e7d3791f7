/**
 * The operator's door before anybody has knocked: `admin` and all that it needs
 * are loaded at the first request, or before it by `prepare`.
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

  /** Where there is nothing behind the door, its connection breaks. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      (await this.prepare())(request, response);
    } catch (err) {
      this.#options.log.error({ err }, "the operator's door did not open");
      response.destroy();
    }
  }
}
