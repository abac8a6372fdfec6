import type { TransportName } from './api.js';
import type { Tell } from './alive.js';
import type { Cancel, Clock } from './engine/clock.js';
import { beacon, beaconRoom } from './http/beacon.js';
import { query, type Exchange } from './http/exchange.js';
import type { Names } from './names.js';
import type { Path } from './proof.js';
import { Reader } from './reader.js';
import { Receipts } from './receipts.js';
import type { Slots } from './slots.js';
import type { Way, Why } from './steps.js';
import { acknowledge } from './transport/acknowledge.js';
import type { Address, Up } from './transport/transport.js';
import { batch } from './wire/batch.js';
import type { Frame } from './wire/frame.js';
import { Writer } from './writer.js';

export interface LinkOptions {
  at: Address;
  up: Up;
  /** The ways down, the best first; the others are stepped to where it fails. All go with the way up. */
  downs: Way[];
  /** What is known of the way to the relay; all sockets that go it have the same. */
  path: Path;
  exchange: Exchange;
  /** By which of its names the relay is reached. */
  names: Names;
  slots: Slots;
  clock: Clock;
  /** How many milliseconds a request has taken before, as that which has opened the socket; 0 where that is not known. */
  roundTrip?: number;
  /** Asks the routers whether the relay is alive. It tells once, and not before the call has returned. */
  alive(tell: Tell): Cancel;
  on: LinkEvents;
}

/** What a link tells. Nothing follows `closed` and `failed`. */
export interface LinkEvents {
  /** A message has come, each once and in its order. */
  message(frame: Frame): void;
  /** The target's close has come, or the relay's in its place: 1006 for a connection that broke. */
  closed(code: number, reason: string, wasClean: boolean): void;
  /** The socket is lost. The error is a sentence for a person. */
  failed(error: string): void;
  /** Messages come by another way now: the one before was given up, or where there is no why, the other works again. */
  stepped(from: TransportName, to: TransportName, why: Why | ''): void;
}

/** What a Close frame with a code and no reason has, in bytes. */
const closeLength = 4;

/** How often requests fail in a row before routers are asked whether the relay is alive. */
const doubt = 2;

/**
 * A link is a socket's end in the browser, the mirror of the relay's session: two ordered ways that lose nothing, whatever
 * becomes of the requests.
 *
 *     start ─▶ open ── the close is read ──▶ ended
 *               └── lost, or the page goes ───▲
 */
export class Link {
  private readonly writer: Writer;
  private readonly reader: Reader;
  private readonly receipts: Receipts;
  private roundTrip: number;
  /** Takes back what routers are asked; null while they are not. */
  private stopAsking: Cancel | null = null;
  private ended = false;

  constructor(private readonly o: LinkOptions) {
    const self = this;
    this.roundTrip = o.roundTrip || 0;
    this.receipts = new Receipts(o.clock, function () {
      self.writer.acknowledge();
    });
    function failing(failures: number): void {
      if (failures >= doubt) self.ask();
    }
    function told(relay: string, answered: boolean): void {
      if (answered) o.names.reached(o.at, relay);
      else o.names.unreached(o.at, relay);
    }
    function lost(error: string, gone?: boolean): void {
      self.fail(error, gone);
    }
    this.reader = new Reader({
      at: o.at,
      ways: o.downs,
      path: o.path,
      clock: o.clock,
      knows: function () {
        return o.names.knows(o.at);
      },
      roundTrip: function () {
        return self.roundTrip;
      },
      on: {
        frame: function (frame) {
          self.arrived(frame);
        },
        owes: function (bytes) {
          self.receipts.came(bytes);
        },
        acknowledges: function () {
          self.receipts.given();
        },
        stepped: o.on.stepped,
        told: told,
        failing: failing,
        lost: lost,
      },
    });
    this.writer = new Writer({
      at: o.at,
      up: o.up,
      exchange: o.exchange,
      slots: o.slots,
      clock: o.clock,
      ack: function () {
        self.receipts.given();
        return self.reader.ack;
      },
      owes: function () {
        return self.receipts.owes();
      },
      on: {
        took: function (milliseconds) {
          self.roundTrip = milliseconds;
          self.reader.well();
        },
        told: told,
        failing: failing,
        lost: lost,
        tooLarge: function () {
          // As the relay does when it is a part that crosses its limit (protocol up.continued-limit).
          self.abandon();
          o.on.closed(1009, '', true);
        },
      },
    });
  }

  /** Begins to read. */
  start(): void {
    this.reader.start();
  }

  /** Sends a message, or the close, behind all that was sent. What comes back is told by `closed`. */
  send(frame: Frame): void {
    this.writer.send(frame);
  }

  /** How many bytes of the messages were not passed on yet. They stay when the link has ended. */
  buffered(): number {
    return this.writer.outbox.buffered;
  }

  /** Closes with what time is left to a page that goes away, in one request. Nothing is told any more. */
  leave(code: number): void {
    if (this.ended) return;
    this.end();
    const rest = this.writer.outbox.rest(beaconRoom() - closeLength);
    if (rest && rest.length) {
      const all: Frame[] = rest;
      if (all[all.length - 1].kind !== 'c') all.push({ kind: 'c', code: code, data: '' });
      if (beacon(this.url(), query({ t: 'f', n: rest[0].number, a: this.reader.ack }), batch(all))) return;
    }
    beacon(this.url(), this.closing(code));
  }

  private arrived(frame: Frame): void {
    if (frame.kind !== 'c') return this.o.on.message(frame);
    this.end();
    // So that the relay forgets the socket. Else its grace period does.
    acknowledge(this.o.exchange, this.o.at, this.reader.ack, function () {});
    this.o.on.closed(frame.code!, frame.data as string, frame.wasClean!);
  }

  /** Ends it in the middle: what waits is given up, and the relay is to close the target's side. */
  private abandon(): void {
    this.end();
    beacon(this.url(), this.closing(1001));
  }

  /** Where it is written to. */
  private url(): string {
    return this.o.at.relay + '/s/' + this.o.at.socket;
  }

  /** The parameters of a close that takes effect at once, since it has no number (protocol up.close). */
  private closing(code: number): string {
    return query({ t: 'c', code: code, a: this.reader.ack });
  }

  private ask(): void {
    if (this.stopAsking || this.ended) return;
    const self = this;
    this.stopAsking = this.o.alive(function (alive) {
      self.stopAsking = null;
      if (alive === false) self.fail('the relay is gone', true);
    });
  }

  /** The socket is lost; and where it is not gone at the relay as well, it is to be. */
  private fail(error: string, gone?: boolean): void {
    if (this.ended) return;
    if (gone) this.end();
    else this.abandon();
    this.o.on.failed(error);
  }

  private end(): void {
    this.ended = true;
    if (this.stopAsking) this.stopAsking();
    this.reader.end();
    this.writer.end();
    this.receipts.given();
  }
}
