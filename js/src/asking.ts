import type { TransportName } from './api.js';
import type { Config } from './config.js';
import type { Connection } from './connection.js';
import { alive, close, create, newNonce } from './create.js';
import { clock, type Cancel } from './engine/clock.js';
import { tells, type Journal } from './journal.js';
import type { Place } from './memory.js';
import { still, type Run, type Runner, type RunnerEvents } from './race.js';
import { relayed } from './relayed.js';
import { Slots } from './slots.js';
import { waysOf, writeSteps } from './stepping.js';
import { askToken } from './token.js';
import { transports, type Address } from './transport/transport.js';

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

const slots = new Slots(clock);

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
            connection: self.connection(names, at, router, clock.now() - began),
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

  /** A connection by the first of these, which may step to the others. */
  private connection(names: TransportName[], at: Address, router: string, roundTrip: number): Connection {
    const place = this.place;
    const first = transports[names[0]]!;
    const ways = waysOf(names);
    const write = writeSteps(this.journal.info, ways, this.journal.changed);
    return relayed({
      at: at,
      up: first.up,
      downs: ways,
      exchange: first.exchange,
      slots: slots,
      clock: clock,
      roundTrip: roundTrip,
      alive: function (tell) {
        alive(router, at, first.exchange, tell);
      },
      stepped: function (from, to, why) {
        if (why === 'buffered') place.block('stream', why);
        else if (streams(to)) place.forget('stream', 'buffered');
        write(from, to, why);
      },
    });
  }
}

/** Those that this browser has, and that are not remembered as blocked. The others are given up. */
function present(names: TransportName[], place: Place, journal: Journal): TransportName[] {
  const there: TransportName[] = [];
  const held: TransportName[] = [];
  const why = place.blocked('stream');
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    if (transports[name]!.missing()) journal.gaveUp([name], 'missing', 'this browser has no ' + name, tells.missing);
    else (why && streams(name) ? held : there).push(name);
  }
  if (!there.length) return held; // there is nothing else
  if (held.length) journal.gaveUp(held, why, 'streams are ' + why, tells.missing);
  return there;
}

function streams(name: TransportName): boolean {
  return !!transports[name]!.down.streams;
}

function nothing(): void {}
