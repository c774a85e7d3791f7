/**
 * `GET /settings`: what this proxy runs with, which its files and its
 * environment need no longer say.
 */
import { type Request, type Response, Router } from 'express';
import type { ShownConfig } from '../config/shown.ts';

export function settingsRoutes(shown: () => ShownConfig): Router {
  const router = Router();
  router.get('/settings', (_request: Request, response: Response) => void response.json(shown()));
  return router;
}
