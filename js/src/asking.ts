import type { TransportName } from './api.js';
import type { Config } from './config.js';
import type { Connection } from './connection.js';
import { close, create, newNonce } from './create.js';
import { clock, type Cancel } from './engine/clock.js';
import { connection, present } from './group.js';
import { tells, type Journal } from './journal.js';
import type { Place } from './memory.js';
import { still, type Run, type Runner, type RunnerEvents } from './race.js';
import { askToken } from './token.js';
import { transports } from './transport/transport.js';

/** A connection that is open, and what was agreed on. It tells nothing before it is listened to. */
export interface Opened {
  transport: TransportName;
  connection: Connection;
  protocol: string;
  extensions: string;
}

/** What a relay is to open. */
export interface Errand {
  target: string;
  protocols: string[];
  /** What is wrong with the subprotocol that the target has chosen, in a sentence for a person; empty where nothing is. */
  wrong(protocol: string): string;
}

/** Opens a connection through a relay: one socket, however many ways of asking for it are tried. */
export class Asking {
  private readonly nonce = newNonce(clock);
  private token: { is: string | undefined } | null = null;
  /** Whether a router has said no, or the page has no token: by another exchange it would be the same. */
  private final = false;

  constructor(
    private readonly config: Config,
    private readonly errand: Errand,
    private readonly place: Place,
    private readonly journal: Journal,
  ) {}

  /** A runner that asks by transports which share an exchange: what fails for one of them would for the others. */
  by(names: TransportName[]): Runner<Opened> {
    const self = this;
    return {
      start: function (on) {
        return self.start(names, on);
      },
    };
  }

  private start(names: TransportName[], on: RunnerEvents<Opened>): Run {
    const self = this;
    const there = this.final ? [] : present(names, this.place, this.journal);
    if (!there.length) {
      on.failed();
      return still;
    }
    function giveUp(why: string, error: string, much: number): void {
      self.final = much === tells.reason;
      self.journal.gaveUp(there, why, error, much);
      on.failed();
    }
    let run = still;
    const cancel = this.withToken(
      function () {
        run = self.create(there, on, giveUp);
      },
      function (error) {
        giveUp('refused', error, tells.reason);
      },
    );
    return {
      cancel: function () {
        cancel();
        run.cancel();
      },
      lose: function () {
        cancel();
        run.lose();
      },
    };
  }

  private withToken(known: () => void, failed: (error: string) => void): Cancel {
    const self = this;
    if (this.token) {
      known();
      return nothing;
    }
    return askToken(this.config, clock, {
      known: function (token) {
        self.token = { is: token };
        known();
      },
      failed: failed,
    });
  }

  private create(
    names: TransportName[],
    on: RunnerEvents<Opened>,
    giveUp: (why: string, error: string, much: number) => void,
  ): Run {
    const self = this;
    const errand = this.errand;
    const exchange = transports[names[0]]!.exchange;
    const began = clock.now();
    const wish = {
      target: errand.target,
      protocols: errand.protocols,
      token: this.token!.is,
      nonce: this.nonce,
    };
    return create(this.config, wish, exchange, clock, {
      created: function (at, protocol, router) {
        const wrong = errand.wrong(protocol);
        if (!wrong) {
          return on.arrived({
            transport: names[0],
            connection: connection(names, at, self.config.rota, router, clock.now() - began, self.place, self.journal),
            protocol: protocol,
            extensions: '',
          });
        }
        close(at, exchange);
        giveUp('refused', wrong, tells.reason);
      },
      refused: function (code, error) {
        giveUp(code, error, tells.reason);
      },
      failed: function (why, error) {
        giveUp(why, error, tells.request);
      },
    });
  }
}

function nothing(): void {}
