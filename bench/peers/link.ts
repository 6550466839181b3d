/**
 * The way between a client and its server: bare loopback where nobody else uses it (private-network.ts), otherwise a relay
 * (shaped-relay.ts). One way serves one server; every tool goes through the same code.
 */
import { ShapedRelay, type LinkShape } from '../shaped-relay.js';
import { hasOwnNetwork, loopbackBytes } from './private-network.js';

/** A link as it was asked for. */
export interface LinkKind {
  /** `none`, or rate and round trip for people. */
  readonly name: string;
  /** Undefined: as fast as loopback is. */
  readonly shape: LinkShape | undefined;
}

/** The client's end of a link to one server. */
export interface LinkEnd {
  /** Loopback port that the client dials. */
  readonly port: number;
  /** Bytes so far, both directions together. */
  sentBytes(): Promise<number>;
  close(): Promise<void>;
}

/** A server that runs, on a loopback port. */
export interface Served {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** A link to this server, which is stopped where there can be none. */
export async function openLink({ shape }: LinkKind, { port, stop }: Served): Promise<LinkEnd> {
  if (shape === undefined && hasOwnNetwork()) return { port, sentBytes: loopbackBytes, close: () => Promise.resolve() };
  try {
    const relay = await ShapedRelay.before(port, shape);
    return { port: relay.port, sentBytes: () => Promise.resolve(relay.bytes), close: () => relay.close() };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

/** How bytes on this link are counted, for the heading of a table. */
export function countedText({ shape }: LinkKind): string {
  return shape === undefined && hasOwnNetwork()
    ? 'bytes of the loopback interface of a network of the bench’s own, with headers'
    : `payload through a relay${shape === undefined ? ' that does not shape' : ''}`;
}
