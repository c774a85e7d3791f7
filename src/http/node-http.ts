/**
 * Node's HTTP server. Imported by its name it would cost each start a fifth:
 * an import reads every export of `node:http`, and for `WebSocket` Node loads
 * the undici that it carries.
 */
export const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http');
