/**
 * Which connections are idle when a server stops. Node takes one for idle
 * whose answer has been ended and not yet been sent, so that a slow reader
 * would lose what it still waits for; and not one that has never said a byte,
 * which would hold up the stop.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The answer that a connection is sending, where Node keeps it, and looks at itself before it closes one. */
interface SendingSocket {
  readonly _httpMessage?: { finished: boolean } | null;
}

/** Has the server close those that are idle: nothing is heard on them, and nothing is left to be sent. */
export function closeOnlyIdle(server: Server): void {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const closeIdle = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    const answers = [...sockets].flatMap((socket) => (socket as SendingSocket)._httpMessage ?? []);
    const unsent = answers.filter(({ finished }) => finished);
    for (const answer of unsent) answer.finished = false;
    closeIdle();
    for (const answer of unsent) answer.finished = true;
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
}
