import type { Clock } from './engine/clock.js';
import type { Address } from './transport/transport.js';

/*
 * A relay may be handed out by a fresh label before its name, so that a browser's few connections to a host are each socket's own
 * (protocol names.wildcard). There are networks that do not resolve such labels, and relays whose certificate has none: a script sees but
 * requests without an answer, as of a relay that is gone. So the name without the label is tried in turn, until one of them has answered.
 */

/** For how many milliseconds sockets begin with the bare name, once that has answered where no label had. */
const bareFor = 10 * 60 * 1000;

/** Which names answer: labels, from then on, or else the bare one, where sockets begin with it until then. */
interface Known {
  labels: boolean;
  until: number;
}

/** Names knows by which of its two names a relay is reached from here, for all sockets of the page. */
export class Names {
  private readonly known: { [bare: string]: Known } = {};

  constructor(private readonly clock: Clock) {}

  /** Chooses the name that a socket begins with. */
  begin(at: Address): void {
    const known = at.names && this.known[at.names.bare];
    if (known && !known.labels && known.until > this.clock.now()) at.relay = at.names!.bare;
  }

  /** Whether it is known by which of its names the socket's relay is reached. */
  knows(at: Address): boolean {
    return !at.names || !!this.known[at.names.bare];
  }

  /** The relay has answered a request of a socket that was made by this name. */
  reached(at: Address, relay: string): void {
    if (!at.names) return;
    const bare = at.names.bare;
    if (relay !== bare) this.known[bare] = { labels: true, until: 0 };
    else if (!this.known[bare]) this.known[bare] = { labels: false, until: this.clock.now() + bareFor };
  }

  /** The relay has not answered one, and maybe somebody on the way has. What the socket asks for next goes by the name that is known to work, or by the other one. */
  unreached(at: Address, relay: string): void {
    if (!at.names || relay !== at.relay) return; // it goes by another by now
    const known = this.known[at.names.bare];
    const bare = known ? !known.labels : relay !== at.names.bare;
    at.relay = bare ? at.names.bare : at.names.label;
    if (known && bare) known.until = this.clock.now() + bareFor; // a label was tried again
  }
}
