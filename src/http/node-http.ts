/**
 * Node's HTTP server. An `import` of it would cost a tenth of the time of a
 * start: it reads every export, and for `WebSocket` Node loads all of the
 * undici that it carries.
 */
export const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http');
