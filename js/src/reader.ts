import type { Cancel, Clock } from './engine/clock.js';
import { sentence, type Answer } from './http/exchange.js';
import { Retry } from './retry.js';
import type { Address, Down } from './transport/transport.js';
import type { Frame } from './wire/frame.js';

/**
 * The longest and the shortest time that the relay may wait before it answers a read, in milliseconds. A read that is lost
 * without a trace has to be made again before the relay's grace period is over, which is 30 s.
 */
const longRead = 20000;
const shortRead = 1000;

/** How long to wait, in milliseconds, after an answer that has brought nothing, and took less than that. */
const pause = 200;

export interface ReaderOptions {
  at: Address;
  down: Down;
  clock: Clock;
  on: {
    /** A message has come, or the close: each once, in its order. Nothing follows the close. */
    frame(frame: Frame): void;
    /** A request has failed, so many in a row by now, and will be made again. */
    failing(failures: number): void;
    /** Nothing more can be read; where the socket is gone, nobody there holds it any more. */
    lost(error: string, gone?: boolean): void;
  };
}

/** A reader is the way down: it reads, and reads again, and lets each message pass once. */
export class Reader {
  /** The number of the last message that came. */
  ack = 0;
  private ttl = longRead;
  private readonly retry: Retry;
  private cancel: Cancel | null = null;
  private ended = false;

  constructor(private readonly o: ReaderOptions) {
    this.retry = new Retry(o.clock);
  }

  /** Begins. Nothing is told before. */
  start(): void {
    this.read();
  }

  end(): void {
    this.ended = true;
    if (this.cancel) this.cancel();
  }

  private read(): void {
    const self = this;
    const asked = this.o.clock.now();
    let fruitful = false;
    this.cancel = this.o.down.read(this.o.at, this.ack, this.ttl, {
      received: function (seq, frames) {
        const before = self.ack;
        self.received(seq, frames);
        if (self.ack > before) fruitful = true;
      },
      done: function (answer) {
        if (!self.ended) self.done(answer, fruitful, self.o.clock.now() - asked);
      },
    });
  }

  private received(seq: number, frames: Frame[]): void {
    for (let i = 0; i < frames.length && !this.ended; i++) {
      const number = seq + i;
      if (number <= this.ack) continue; // it came before, and the acknowledgement did not arrive
      if (number > this.ack + 1)
        return this.o.on.lost('message ' + (this.ack + 1) + ' is missing: the next is ' + number);
      this.ack = number;
      const frame = frames[i];
      if (frame.kind === 'c') this.end();
      this.o.on.frame(frame);
    }
  }

  private done(answer: Answer, fruitful: boolean, took: number): void {
    const code = answer.body && answer.body.code;
    if (answer.status === 200) {
      this.retry.ok();
      if (took >= this.ttl) this.ttl = Math.min(longRead, Math.ceil(this.ttl * 1.1)); // it may be longer again
      // Nothing new, and at once, has a read that one of ours superseded which was late, or whoever is on the way and repeats.
      if (fruitful || took > pause) this.read();
      else this.after(pause);
    } else if (code === 'no_socket' || code === 'bad_request') {
      this.o.on.lost(sentence(answer), code === 'no_socket');
    } else {
      // Whoever cuts requests that wait may let shorter ones live.
      if (took > shortRead) this.ttl = Math.max(shortRead, Math.round(Math.min(this.ttl, took) / 2));
      const wait = this.retry.failed();
      if (wait === null) return this.o.on.lost('reading failed for too long: ' + sentence(answer));
      this.after(wait);
      this.o.on.failing(this.retry.failures);
    }
  }

  private after(wait: number): void {
    const self = this;
    this.cancel = this.o.clock.after(wait, function () {
      self.read();
    });
  }
}
