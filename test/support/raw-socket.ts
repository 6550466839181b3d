/**
 * Bytes on a bare connection, and all that comes back: for requests that no HTTP client would send.
 */
import { connect, type Socket } from 'node:net';

/** What came back on one connection. */
export interface RawAnswers {
  readonly text: string;
  /** Status of each answer, in order. */
  readonly statuses: readonly number[];
  /** The server ended the connection. */
  readonly isEnded: boolean;
}

/** How to send. `from` is the address of this machine that the connection comes from. */
export interface RawSending {
  readonly port: number;
  readonly from?: string;
  /** How long to wait for more once nothing comes; 150 ms without it. */
  readonly quietMs?: number;
}

/** Opens a connection whose errors are nobody's. */
export function dial({ port, from }: RawSending): Socket {
  const socket = connect({ port, host: '127.0.0.1', ...(from === undefined ? {} : { localAddress: from }) });
  socket.on('error', () => undefined);
  return socket;
}

/** Sends `bytes` and reads until the server ends the connection, or nothing more comes. */
export function sendRaw(sending: RawSending, bytes: string | Uint8Array): Promise<RawAnswers> {
  const socket = dial(sending);
  const pieces: Buffer[] = [];
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  return new Promise((resolve) => {
    socket.setTimeout(sending.quietMs ?? 150);
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    const finish = (isEnded: boolean) => (): void => {
      socket.destroy();
      const text = Buffer.concat(pieces).toString('latin1');
      resolve({ text, isEnded, statuses: [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status)) });
    };
    socket.once('timeout', finish(false));
    socket.once('close', finish(true));
  });
}
