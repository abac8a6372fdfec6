import type { Info } from './api.js';
import type { Config } from './config.js';
import type { Connection } from './connection.js';
import { clock, type Cancel } from './engine/clock.js';
import { course } from './course.js';
import { Journal, tells } from './journal.js';
import { learning } from './learning.js';
import { recall, type Place } from './memory.js';
import { race, type Runner } from './race.js';
import { Asking, type Opened } from './asking.js';
import { revivable, watched, type Heir } from './revive.js';
import { withoutUser } from './url.js';

export interface OpeningEvents {
  /** The connection is open. It tells nothing before it is listened to. */
  opened(connection: Connection, protocol: string, extensions: string): void;
  /** No transport has reached the target, and why, in the sentence for a person that tells most. */
  failed(error: string): void;
  /** The transport in use, or those given up, have changed. */
  changed(): void;
}

/**
 * Opens a connection: by the browser's own WebSocket or through a relay, whichever is there first. What becomes of each
 * transport is written into info, also afterwards, where the connection goes on by another.
 */
export function open(config: Config, url: string, protocols: string[], info: Info, on: OpeningEvents): Cancel {
  const opening = new Opening(config, url, protocols, info, on);
  // Nothing fails before the constructor has returned.
  clock.soon(function () {
    opening.start();
  });
  return function () {
    opening.cancel();
  };
}

class Opening {
  private readonly target: string;
  private readonly place: Place;
  private readonly journal: Journal;
  /** Whether there is a transport through a relay. */
  private relays = false;
  private over = false;
  private stop: Cancel = function () {};

  constructor(
    private readonly config: Config,
    private readonly url: string,
    private readonly protocols: string[],
    info: Info,
    private readonly on: OpeningEvents,
  ) {
    this.target = withoutUser(url);
    this.place = recall(config.routers, this.target);
    this.journal = new Journal(info, on.changed);
  }

  start(): void {
    if (this.over) return;
    const self = this;
    this.stop = race(this.runners(), clock, {
      arrived: function (opened) {
        self.arrived(opened);
      },
      failed: function () {
        self.on.failed(self.journal.error);
      },
    });
    if (this.over) this.stop(); // by a listener that was told what this browser has not
  }

  cancel(): void {
    this.over = true;
    this.stop();
  }

  private runners(): Runner<Opened>[] {
    const names = this.config.transports;
    const asked = this.protocols.length > 0;
    // WHATWG WebSockets, "establish a WebSocket connection": one that was asked for a subprotocol has to choose one.
    const asking = this.asking(function (protocol) {
      return asked && !protocol ? 'the target chose none of the subprotocols offered' : '';
    });
    const native = learning(this.config, this.url, this.protocols, this.place, this.journal);
    const relays = course(names, asking, null);
    const all = course(names, asking, native);
    this.relays = relays.length > 0;
    const blocked = this.config.native && this.place.blocked('websocket');
    if (!blocked || !this.relays || all.length === relays.length) return all;
    this.journal.gaveUp(['websocket'], blocked, "the browser's own WebSocket is blocked: " + blocked, tells.native);
    return relays.concat([native]); // where no relay is reached it is tried all the same
  }

  private asking(wrong: (protocol: string) => string): Asking {
    const errand = { target: this.target, protocols: this.protocols, wrong: wrong };
    return new Asking(this.config, errand, this.place, this.journal);
  }

  private arrived(opened: Opened): void {
    const on = this.on;
    let connection = opened.connection;
    if (opened.transport !== 'websocket') connection = this.suspected(opened);
    else if (this.relays) connection = this.guarded(opened);
    this.journal.uses(opened.transport, function () {
      on.opened(connection, opened.protocol, opened.extensions);
    });
  }

  /** A native connection that goes on through a relay, should it be killed. */
  private guarded(opened: Opened): Connection {
    const self = this;
    return revivable(opened.connection, clock, {
      killed: function () {
        self.place.block('websocket', 'killed');
        self.killed();
      },
      revive: function (heir) {
        self.killed();
        self.revive(opened.protocol, heir);
      },
    });
  }

  private killed(): void {
    this.journal.gaveUp(['websocket'], 'killed', "the browser's own WebSocket was cut", tells.native);
  }

  /** Opens another connection for a page that knows of the first, and of its subprotocol. */
  private revive(protocol: string, heir: Heir): void {
    const self = this;
    const asking = this.asking(function (other) {
      return other === protocol
        ? ''
        : "the target chose the subprotocol '" + other + "', and before '" + protocol + "'";
    });
    race(course(this.config.transports, asking, null), clock, {
      arrived: function (opened) {
        self.place.block('websocket', 'killed');
        self.journal.uses(opened.transport, function () {
          heir.opened(self.suspected(opened));
        });
      },
      failed: function () {
        heir.failed(self.journal.error);
      },
    });
  }

  /** A connection through a relay. Where the browser's own was killed, and this one is as well, it was the target. */
  private suspected(opened: Opened): Connection {
    const place = this.place;
    if (place.blocked('websocket') !== 'killed') return opened.connection;
    return watched(opened.connection, clock, function (end) {
      place.forget('websocket', 'killed');
      end();
    });
  }
}
