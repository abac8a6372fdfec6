import type { Cancel, Clock } from './engine/clock.js';
import { without } from './engine/list.js';
import { isOurs, sentence, type Answer, type Exchange } from './http/exchange.js';
import { Outbox, type Part } from './outbox.js';
import { Retry } from './retry.js';
import type { Sender, Slots } from './slots.js';
import { acknowledge } from './transport/acknowledge.js';
import type { Address, Up } from './transport/transport.js';
import type { Frame } from './wire/frame.js';

export interface WriterOptions {
  at: Address;
  up: Up;
  exchange: Exchange;
  slots: Slots;
  clock: Clock;
  /** The number of the last message that was read, which every request acknowledges. */
  ack(): number;
  /** Whether a stream has brought some that nothing has acknowledged yet. */
  owes(): boolean;
  on: {
    /** A request was answered as it should be, so many milliseconds after it was made. */
    took(milliseconds: number): void;
    /** Whether a request, which was made by this name of the relay, was answered there. */
    told(relay: string, answered: boolean): void;
    /** A request has failed, so many in a row by now, and will be made again. */
    failing(failures: number): void;
    /** Nothing more can be sent. */
    lost(error: string): void;
    /** The relay refused a message as longer than its limit. */
    tooLarge(): void;
  };
}

/** A request under way, and whose slot it has. */
interface Request {
  host: string;
  parts: Part[];
  /** Whether it acknowledges what nothing else does. */
  owed: boolean;
  cancel: Cancel;
}

/** A request may keep its slot for so many milliseconds while others wait, and as long as its bytes need at so many each. */
const leastTurn = 1000;
const slowLine = 16;

/** A writer is the way up: it sends, and sends again, until the relay has passed everything on. */
export class Writer implements Sender {
  readonly outbox = new Outbox();
  private readonly retry: Retry;
  /** Whose slots it uses: the relay, by each name that was in use. */
  private hosts: string[] = [];
  private requests: Request[] = [];
  private stopWaiting: Cancel | null = null;
  private asked = false;
  private ended = false;
  /** Whether an acknowledgement is due that goes by itself, if nothing else goes. */
  private owing = false;
  /** How often requests were taken back since the last one went well. Each time the next has twice as long. */
  private yields = 0;

  constructor(private readonly o: WriterOptions) {
    this.retry = new Retry(o.clock);
    this.join();
  }

  /** Sends a message, or the close, behind all that was sent before. */
  send(frame: Frame): void {
    this.outbox.push(frame); // also where it never leaves: it counts
    this.ask();
  }

  /** Acknowledges what was read: with what goes up next, or by itself. */
  acknowledge(): void {
    this.owing = true;
    this.ask();
  }

  /** Ends it. What waits stays in the outbox. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.stopWaiting) this.stopWaiting();
    this.cancel();
    for (let i = 0; i < this.hosts.length; i++) this.o.slots.part(this.hosts[i], this);
  }

  useSlot(host: string): boolean {
    if (this.stopWaiting) return false;
    if (host !== this.o.at.relay) {
      this.ask(); // it goes by another name by now
      return false;
    }
    const parts = this.outbox.take(this.o.up);
    if (!parts.length && !this.owing) return false;
    const self = this;
    const request = { host: host, parts: parts, owed: this.owing || this.o.owes(), cancel: function () {} };
    this.owing = false;
    const sent = this.o.clock.now();
    this.requests.push(request);
    function done(answer: Answer): void {
      self.forget(request);
      self.o.on.told(host, isOurs(answer));
      if (answer.status === 201) self.o.on.took(self.o.clock.now() - sent);
      self.answered(request, answer);
      self.giveBack(host); // which may take the next parts: so not before what was answered is known
    }
    const ack = this.o.ack();
    if (parts.length) {
      request.cancel = this.o.up.send(this.o.at, parts, ack, done);
      this.ask();
    } else {
      request.cancel = acknowledge(this.o.exchange, this.o.at, ack, done);
    }
    return true;
  }

  turn(): number {
    let bytes = 0;
    for (let i = 0; i < this.requests.length; i++) {
      for (let j = 0; j < this.requests[i].parts.length; j++) bytes += this.requests[i].parts[j].size;
    }
    return (leastTurn + bytes / slowLine) * Math.pow(2, this.yields);
  }

  yieldSlot(): void {
    if (!this.o.up.stays) {
      this.yields++;
      this.cancel();
    }
    this.ask();
  }

  /** Asks for a slot, when all that the page sends in one go is there, so that it goes together. */
  private ask(): void {
    if (this.asked || this.stopWaiting || this.ended) return;
    this.asked = true;
    const self = this;
    this.o.clock.soon(function () {
      self.asked = false;
      if (self.ended) return;
      self.join();
      self.o.slots.ask(self.o.at.relay, self);
    });
  }

  /** Is counted in where the relay is by now: connections are a host's. */
  private join(): void {
    const host = this.o.at.relay;
    for (let i = 0; i < this.hosts.length; i++) if (this.hosts[i] === host) return;
    this.hosts.push(host);
    this.o.slots.join(host);
  }

  private answered(request: Request, answer: Answer): void {
    const parts = request.parts;
    const body = answer.body;
    if (answer.status === 201 && body && (typeof body.n === 'number' || !parts.length)) {
      this.retry.ok();
      this.yields = 0;
      this.outbox.answered(parts, body.n || 0);
      this.ask();
      return;
    }
    this.takeBack(request);
    const code = body && body.code;
    if (code === 'no_socket') {
      this.end(); // what became of the socket is for the reader to find
    } else if (code === 'too_large') {
      this.o.on.tooLarge();
    } else if (code === 'bad_request') {
      this.o.on.lost(sentence(answer));
    } else if (parts.length && !this.outbox.lacks(parts)) {
      this.ask(); // another answer has told by now that all of it had arrived
    } else {
      this.again(answer);
    }
  }

  private again(answer: Answer): void {
    const self = this;
    const wait = this.retry.failed();
    if (wait === null) return this.o.on.lost('sending failed for too long: ' + sentence(answer));
    if (!this.stopWaiting) {
      this.stopWaiting = this.o.clock.after(wait, function () {
        self.stopWaiting = null;
        self.ask();
      });
    }
    this.o.on.failing(this.retry.failures);
  }

  /** A request has come to nothing. What it has acknowledged is to be again, also where its parts have arrived by another. */
  private takeBack(request: Request): void {
    this.outbox.failed(request.parts);
    if (request.owed) this.owing = true;
  }

  private forget(request: Request): void {
    this.requests = without(this.requests, request);
  }

  private giveBack(host: string): void {
    if (!this.ended) this.o.slots.leave(host, this);
  }

  /** Takes all requests back. Those that have arrived count all the same. */
  private cancel(): void {
    const all = this.requests;
    for (let i = 0; i < all.length; i++) {
      all[i].cancel();
      this.takeBack(all[i]);
      this.forget(all[i]);
      this.giveBack(all[i].host);
    }
  }
}
