/*
 * The first bytes of a stream do not show that a box on the way lets streams through: one that fills a buffer before it passes it
 * on does so for as long as there is traffic to fill it, and when that stops it keeps the last of it. Heartbeats show it, where
 * nothing else goes by the stream. So until they have, it has them often.
 */

/** What is known of the way to a router and its relays, for all sockets of the page that go it. */
export interface Path {
  /** Whether it brings what a stream has when there is little. */
  proven: boolean;
}

/** How often a stream shows that it lives, in milliseconds: on a path that is proven, and on another (protocol stream.hb). */
export const heartbeat = 15000;
export const trialHeartbeat = 1000;

/** How many idle heartbeats in a row prove a path, and after how many milliseconds without a byte one is idle. */
const enough = 3;
const idleAfter = 900;

/** Proof counts the heartbeats of a stream that come while nothing else does. */
export class Proof {
  private last = 0;
  private beats = 0;

  constructor(private readonly path: Path) {}

  /** Bytes have come, which are a heartbeat and nothing else, or are not. Whether it is an idle one. */
  came(now: number, bare: boolean): boolean {
    const idle = bare && this.last > 0 && now - this.last >= idleAfter;
    if (idle) this.beats++;
    else if (!bare) this.beats = 0;
    this.last = now;
    if (this.beats >= enough) this.path.proven = true;
    return idle;
  }

  /** When the next bytes are due after those before, on a path that is not proven. */
  due(): number {
    return this.last + trialHeartbeat;
  }
}
