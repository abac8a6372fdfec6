import type { TransportName } from './api.js';
import type { Cancel, Clock } from './engine/clock.js';
import { Pulse } from './engine/pulse.js';
import { isOurs, sentence, type Answer } from './http/exchange.js';
import { heartbeat, Proof, trialHeartbeat, type Path } from './proof.js';
import { Retry } from './retry.js';
import { Steps, type Way, type Why } from './steps.js';
import type { Address } from './transport/transport.js';
import type { Frame } from './wire/frame.js';

/**
 * The longest and the shortest time that the relay may wait before it answers a read, in milliseconds. A read that is lost
 * without a trace has to be made again before the relay's grace period is over, which is 30 s.
 */
const longRead = 20000;
const shortRead = 1000;

/** How long to wait, in milliseconds, after an answer that has brought nothing, and took less than that. */
const pause = 200;

/** How many milliseconds a stream has for its first bytes, at least and at most: between them it is three round trips. */
const leastPatience = 1000;
const mostPatience = 4000;

/**
 * How many it has where there is no other way, and it is not known whether the name leads to the relay: which forgets a socket that
 * it has not heard of for 10 s (protocol bound.grace). A poll is short then.
 */
const firstPatience = 8000;

/**
 * How many milliseconds a heartbeat may be late, and how often they stay out before the stream is given up. On a path that is not
 * proven it is less, or three round trips, and once is enough.
 */
const lateness = 5000;
const trialLateness = 1500;
const mostSilences = 2;

/** What a message costs the relay, about, beside its data. */
const overhead = 64;

export interface ReaderOptions {
  at: Address;
  /** The ways to read, the best first (see Steps). */
  ways: Way[];
  clock: Clock;
  /** What is known of the way to the relay. */
  path: Path;
  /** Whether it is known that the relay is reached by its name. */
  knows(): boolean;
  /** How many milliseconds a request of the socket has taken lately. */
  roundTrip(): number;
  on: {
    /** A message has come, or the close: each once, in its order. Nothing follows the close. */
    frame(frame: Frame): void;
    /** A stream has brought so many bytes, about, which nothing acknowledges by itself. */
    owes(bytes: number): void;
    /** A read acknowledges all that has come. */
    acknowledges(): void;
    /** It reads by another way (see Steps). */
    stepped(from: TransportName, to: TransportName, why: Why | ''): void;
    /** Whether a read, which was made by this name of the relay, was answered there; the first bytes of a stream are an answer. */
    told(relay: string, answered: boolean): void;
    /** A request has failed, so many in a row by now, and will be made again. */
    failing(failures: number): void;
    /** Nothing more can be read; where the socket is gone, nobody there holds it any more. */
    lost(error: string, gone?: boolean): void;
  };
}

/** A read that is under way. */
interface Read {
  /** When it was made, and by which name of the relay. */
  at: number;
  relay: string;
  /** Whether a stream was asked for, and when bytes of it came first; 0 where none have. */
  streams: boolean;
  heard: number;
  /** How often it is to show that it lives, if it is a stream; and what that proves. */
  heartbeat: number;
  proof: Proof;
  /** Whether it has brought what is new. */
  fruitful: boolean;
}

/** A reader is the way down: it reads, and reads again, and lets each message pass once. */
export class Reader {
  /** The number of the last message that came. */
  ack = 0;
  private ttl = longRead;
  private readonly retry: Retry;
  private readonly steps: Steps;
  private readonly pulse: Pulse;
  private under: Read;
  private cancel: Cancel | null = null;
  private ended = false;
  /** How often in a row a stream has fallen silent after its first bytes. */
  private silences = 0;
  /** Whether the last stream brought nonsense: then first bytes prove nothing. */
  private garbled = false;

  constructor(private readonly o: ReaderOptions) {
    const self = this;
    this.retry = new Retry(o.clock);
    this.under = this.newRead();
    this.pulse = new Pulse(o.clock, function () {
      self.silent();
    });
    this.steps = new Steps({
      ways: o.ways,
      path: o.path,
      clock: o.clock,
      on: {
        stepped: o.on.stepped,
        hurry: function () {
          self.again();
        },
      },
    });
  }

  /** Begins. Nothing is told before. */
  start(): void {
    this.steps.well(); // a request has opened the socket just now
    this.read();
  }

  /** Another request of the socket has gone well. */
  well(): void {
    this.steps.well();
  }

  end(): void {
    this.ended = true;
    this.stop();
    this.steps.end();
  }

  private stop(): void {
    this.pulse.end();
    if (this.cancel) this.cancel();
  }

  /** Reads anew, without waiting for what is under way. */
  private again(): void {
    this.stop();
    this.read();
  }

  private newRead(): Read {
    return {
      at: this.o.clock.now(),
      relay: this.o.at.relay,
      streams: false,
      heard: 0,
      heartbeat: heartbeat,
      proof: new Proof(this.o.path),
      fruitful: false,
    };
  }

  private read(): void {
    const self = this;
    const read = (this.under = this.newRead());
    const down = this.steps.next();
    const ttl = this.steps.probes() ? 0 : this.o.knows() ? this.ttl : shortRead;
    if (!this.o.path.proven && this.steps.hasOther()) read.heartbeat = trialHeartbeat;
    this.o.on.acknowledges();
    // All of a read goes by one name, though another comes into use meanwhile.
    const at = { relay: read.relay, socket: this.o.at.socket };
    this.cancel = down.read(at, this.ack, ttl, read.heartbeat, {
      asked: function (streams) {
        read.at = self.o.clock.now();
        read.streams = streams;
        read.heard = 0;
        read.proof = new Proof(self.o.path);
        self.pulse.end();
        if (streams) self.pulse.beat(self.patience(leastPatience));
      },
      alive: function (bare) {
        self.alive(read, bare);
      },
      received: function (seq, frames) {
        self.received(read, seq, frames);
      },
      done: function (answer) {
        if (!self.ended) self.done(read, answer);
      },
    });
  }

  /** How many milliseconds the bytes of a stream have that are due. Where there is no other way, there is no hurry. */
  private patience(least: number): number {
    if (!this.steps.hasOther()) return this.o.knows() ? heartbeat + lateness : firstPatience;
    return Math.max(least, Math.min(mostPatience, 3 * this.o.roundTrip()));
  }

  private alive(read: Read, bare: boolean): void {
    const now = this.o.clock.now();
    const tried = read.heartbeat === trialHeartbeat;
    if (read.streams) this.pulse.beat(read.heartbeat + (tried ? this.patience(trialLateness) : lateness));
    if (!read.heard) {
      read.heard = now;
      this.o.on.told(read.relay, true);
      if (!this.garbled) this.sound();
    } else if (now - read.heard > pause) {
      if (!tried) this.silences = 0;
      if (this.garbled) this.sound();
      this.garbled = false;
    }
    if (!read.streams || !tried || this.ended) return;
    if (read.proof.came(now, bare)) this.silences = 0; // which traffic is no reason for
    if (bare && this.o.path.proven) this.again(); // with fewer heartbeats
  }

  private received(read: Read, seq: number, frames: Frame[]): void {
    let bytes = 0;
    for (let i = 0; i < frames.length && !this.ended; i++) {
      const number = seq + i;
      if (number <= this.ack) continue; // it came before, and the acknowledgement did not arrive
      if (number > this.ack + 1)
        return this.o.on.lost('message ' + (this.ack + 1) + ' is missing: the next is ' + number);
      this.ack = number;
      const frame = frames[i];
      read.fruitful = true;
      bytes += frame.data.length + overhead;
      if (frame.kind === 'c') this.end();
      this.o.on.frame(frame);
    }
    if (!bytes || this.ended || !read.streams) return;
    this.garbled = false;
    this.o.on.owes(bytes);
  }

  /** Reading goes well. */
  private sound(): void {
    this.retry.ok();
    this.steps.works();
  }

  private done(read: Read, answer: Answer): void {
    const code = answer.body && answer.body.code;
    const took = this.o.clock.now() - read.at;
    this.pulse.end();
    if (!read.heard) this.o.on.told(read.relay, answer.status === 200 || isOurs(answer));
    if (answer.status === 200) {
      this.sound();
      if (took >= this.ttl && !read.streams) this.ttl = Math.min(longRead, Math.ceil(this.ttl * 1.1)); // it may be longer again
      // Nothing new, and at once, has a read that one of ours superseded which was late, or whoever is on the way and repeats.
      if (read.fruitful || took > pause) this.read();
      else this.after(pause);
    } else if (code === 'no_socket' || code === 'bad_request') {
      this.o.on.lost(sentence(answer), code === 'no_socket');
    } else {
      // A body that has no status is what one of our ways has to complain of.
      const nonsense = !answer.status && !!answer.body;
      if (read.heard && nonsense) this.garbled = true;
      if ((!read.heard || nonsense) && this.steps.failed('refused', read.at)) return this.read();
      // Whoever cuts requests that wait may let shorter ones live.
      if (took > shortRead && !read.streams) this.ttl = Math.max(shortRead, Math.round(Math.min(this.ttl, took) / 2));
      this.failed(answer);
    }
  }

  /** Nothing came of a stream for too long. */
  private silent(): void {
    const read = this.under;
    const often = read.heard > 0 && ++this.silences >= mostSilences;
    const tried = read.heartbeat === trialHeartbeat;
    this.stop();
    // Another way, where there is one, shows whether it is the name, or a stream that is held back.
    if (!read.heard && !this.steps.hasOther()) this.o.on.told(read.relay, false);
    if (!read.heard || often || tried) {
      const step = this.steps.failed('buffered', !read.heard || often ? read.at : read.proof.due());
      if (!this.steps.probes()) this.silences = 0;
      if (step) return this.read();
    }
    this.failed({ status: 0, body: null, late: true });
  }

  private failed(answer: Answer): void {
    const wait = this.retry.failed();
    if (wait === null) return this.o.on.lost('reading failed for too long: ' + sentence(answer));
    this.after(wait);
    this.o.on.failing(this.retry.failures);
  }

  private after(wait: number): void {
    const self = this;
    this.cancel = this.o.clock.after(wait, function () {
      self.read();
    });
  }
}
