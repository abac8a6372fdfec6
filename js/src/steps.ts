import type { TransportName } from './api.js';
import type { Cancel, Clock } from './engine/clock.js';
import { onOnline } from './engine/online.js';
import type { Path } from './proof.js';
import type { Down } from './transport/transport.js';

/** A way down, by the name of its transport. */
export interface Way {
  name: TransportName;
  down: Down;
}

/**
 * Why a way is given up. `buffered`: it holds back what it should bring, or somebody on the way does. `refused`: it fails,
 * and other requests do not.
 */
export type Why = 'buffered' | 'refused';

/** How often a stream fails in a row before it is given up. */
const strikesOut = 3;

/** When a way that was given up is tried again, in milliseconds: the first time, and at the longest. */
const firstTrial = 30000;
const lastTrial = 600000;

/**
 * How many milliseconds before the bytes of a stream were due a request may have gone well, so that it is not the network that
 * keeps them: the first are when it is asked for. Where a stream is refused one has to have gone well since: a network that goes refuses all at once.
 */
const recent = 500;

export interface StepsOptions {
  ways: Way[];
  /** What is known of the way that they all go. One that holds back proves the contrary. */
  path: Path;
  clock: Clock;
  on: {
    /** Another way is in use. The one before it was given up; where there is no why, the other works again. */
    stepped(from: TransportName, to: TransportName, why: Why | ''): void;
    /** It is time to read anew, without waiting for what is under way. */
    hurry(): void;
  };
}

/**
 * Steps says by which of several ways to read. A stream that works not is given up for what is behind it, and is tried
 * again now and then.
 *
 *     stream ── held back, or refused thrice ──▶ xhr
 *        ▲ └── but was it the network? ─▶ probe ──┐ (one poll that does not wait)
 *        │◀───────────────────────────────────────┘
 *        └── tried again, and works ◀── 30 s … 10 min, or `online` ── xhr
 */
export class Steps {
  /** The way in use. */
  private way = 0;
  /** The way that is tried again, and -1 where none is. */
  private trial = -1;
  /** The poll that is asked whether the network is there, and -1 where none is. */
  private probe = -1;
  /** How often reads have failed in a row, and when the first of those was made. */
  private strikes = 0;
  private since = 0;
  /** When a request went well last. */
  private good = -Infinity;
  private wait = firstTrial;
  private due = false;
  private stopTimer: Cancel | null = null;
  private stopListening: Cancel | null = null;

  constructor(private readonly o: StepsOptions) {}

  /** The way that the next read goes. */
  next(): Down {
    if (this.due && this.probe < 0) {
      this.due = false;
      this.trial = 0;
    }
    return this.current().down;
  }

  /** Whether the next read, or the one under way, is to be answered at once. */
  probes(): boolean {
    return this.probe >= 0;
  }

  /** Whether there is a way to go instead of the one in use, if that holds back. */
  hasOther(): boolean {
    return this.trial >= 0 || this.below('buffered') > 0;
  }

  /** A request of the socket, whichever, has gone well. */
  well(): void {
    this.good = this.o.clock.now();
  }

  /** The read has gone well: bytes of its stream have come, or its answer. */
  works(): void {
    this.well();
    if (this.probe >= 0) {
      this.probe = -1; // what it was asked for is known; the stream has one more try
      return;
    }
    this.strikes = 0;
    // What bytes come at first shows little: a path that was not proven is tried more and more seldom.
    if (this.o.path.proven && this.current().down.streams) this.wait = firstTrial;
    if (this.trial < 0) return;
    const from = this.current(this.way);
    this.way = this.trial;
    this.trial = -1;
    this.watch();
    this.o.on.stepped(from.name, this.current().name, '');
  }

  /**
   * The read has failed before what was due then came of it, as its first bytes when it was made; or it brought nonsense. Whether to
   * read on at once.
   */
  failed(why: Why, due: number): boolean {
    if (this.probe >= 0) {
      // It is not the stream's fault.
      this.probe = -1;
      this.strikes = 0;
      return false;
    }
    if (this.trial >= 0) {
      if (why === 'buffered') this.o.path.proven = false;
      this.trial = why === 'refused' && this.trial + 1 < this.way ? this.trial + 1 : -1;
      if (this.trial < 0) this.watch();
      return true;
    }
    const to = this.below(why);
    if (to < 0) return false;
    if (!this.strikes++) this.since = due;
    if (why === 'refused' && this.strikes < strikesOut) return false;
    if (this.good <= this.since - (why === 'buffered' ? recent : 0)) {
      this.probe = this.below('buffered');
      if (this.probe >= 0) return true;
    }
    if (why === 'buffered') this.o.path.proven = false;
    const from = this.current();
    this.way = to;
    this.strikes = 0;
    this.watch();
    this.o.on.stepped(from.name, this.current().name, why);
    return true;
  }

  end(): void {
    this.way = 0;
    this.watch();
  }

  private current(way?: number): Way {
    return this.o.ways[
      way !== undefined ? way : this.probe >= 0 ? this.probe : this.trial >= 0 ? this.trial : this.way
    ];
  }

  /** The way to go instead of the one in use: of one that is held back, no other stream. -1 where there is none. */
  private below(why: Why): number {
    const ways = this.o.ways;
    if (!ways[this.way].down.streams) return -1;
    for (let i = this.way + 1; i < ways.length; i++) if (why === 'refused' || !ways[i].down.streams) return i;
    return -1;
  }

  /** Sees to it that what was given up is tried again. */
  private watch(): void {
    const self = this;
    if (this.stopTimer) this.stopTimer();
    if (this.stopListening) this.stopListening();
    this.stopTimer = this.stopListening = null;
    this.due = false;
    if (!this.way) return;
    this.stopTimer = this.o.clock.after(this.wait, function () {
      self.due = true;
      if (self.current().down.streams) self.o.on.hurry(); // which would not end by itself
    });
    this.wait = Math.min(lastTrial, this.wait * 2);
    this.stopListening = onOnline(function () {
      if (self.trial >= 0) return;
      self.due = true;
      self.o.on.hurry();
    });
  }
}
