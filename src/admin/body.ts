/**
 * Bodies of requests to the admin API: JSON, bounded, as text.
 */
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { unsupportedMediaType } from './errors.ts';

/** The most that a body may take, in bytes: two long requests. */
export const MAX_BODY = 8 * 1024 * 1024;

/** Reads a body that is to be JSON; `textOf` has it then. */
export const readText: RequestHandler = express.text({ type: 'application/json', limit: MAX_BODY });

/**
 * Refuses every other type than JSON, whatever the route: a page of any site
 * could send it without asking.
 * @throws RefrainError `unsupported_media_type`
 */
export function checkMediaType(request: Request, _response: Response, next: NextFunction): void {
  const { 'transfer-encoding': coding, 'content-length': length = '0' } = request.headers;
  if ((coding !== undefined || length !== '0') && !request.is('application/json')) throw unsupportedMediaType();
  next();
}

/** The text that was sent. @throws RefrainError `unsupported_media_type` where there is none */
export function textOf(request: Request): string {
  if (typeof request.body !== 'string') throw unsupportedMediaType();
  return request.body;
}
