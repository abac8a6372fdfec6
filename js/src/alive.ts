import type { Cancel, Clock } from './engine/clock.js';
import { without } from './engine/list.js';
import { query, type Exchange } from './http/exchange.js';
import type { Rota } from './rota.js';

/*
 * A relay that is gone is not seen by a client, to which requests that fail all look alike. So it asks the routers (protocol 1.2):
 * one question at a time for all sockets of a page that have the relay, since there may be hundreds, which a browser would let ask a few at
 * a time.
 */

/** After how many milliseconds the next router is asked beside one that has not answered, and how many an answer may take. */
const patience = 1000;
const timeout = 5000;

/** How many milliseconds lie between an answer that was not the end and the next question about the same relay, about. */
const pause = 1000;

/** What an answer was: null where nobody knows. */
export type Tell = (alive: boolean | null) => void;

/** A relay, and who may know of it. */
export interface Doubtful {
  /** What all sockets of the relay have in common. */
  relay: string;
  /** Its name, as a router has handed it out. */
  host: string;
  /** The router that did so, which is asked first, and where it stands among the others. */
  router: string;
  rota: Rota;
  exchange: Exchange;
}

interface Doubt {
  about: Doubtful;
  askers: Tell[];
  /** Whether it was answered, and is not to be asked again yet. */
  rests: boolean;
  /** Takes back the question, or the pause before the next. */
  stop: Cancel;
}

export class Doubts {
  private doubts: Doubt[] = [];

  constructor(private readonly clock: Clock) {}

  /** Asks whether a relay is alive. It tells once, at the earliest when the call has returned. */
  ask(about: Doubtful, tell: Tell): Cancel {
    let doubt = this.find(about);
    if (!doubt) {
      doubt = { about: about, askers: [], rests: false, stop: function () {} };
      this.doubts.push(doubt);
      this.put(doubt);
    }
    const mine = doubt;
    mine.askers.push(tell);
    const self = this;
    return function () {
      if (!mine.askers.length) return; // all were told
      mine.askers = without(mine.askers, tell);
      if (!mine.askers.length && !mine.rests) self.leave(mine);
    };
  }

  private find(about: Doubtful): Doubt | null {
    for (let i = 0; i < this.doubts.length; i++) {
      const known = this.doubts[i].about;
      if (known.relay === about.relay && known.rota === about.rota && known.exchange === about.exchange)
        return this.doubts[i];
    }
    return null;
  }

  private put(doubt: Doubt): void {
    const self = this;
    doubt.rests = false;
    doubt.stop = question(doubt.about, this.clock, function (alive) {
      const askers = doubt.askers;
      doubt.askers = [];
      if (alive === false) self.leave(doubt);
      else self.rest(doubt);
      for (let i = 0; i < askers.length; i++) askers[i](alive);
    });
  }

  private rest(doubt: Doubt): void {
    const self = this;
    doubt.rests = true;
    doubt.stop = this.clock.after(pause * (0.5 + this.clock.random()), function () {
      if (doubt.askers.length) self.put(doubt);
      else self.leave(doubt);
    });
  }

  private leave(doubt: Doubt): void {
    doubt.stop();
    this.doubts = without(this.doubts, doubt);
  }
}

/** Asks router after router, until one knows. */
function question(about: Doubtful, clock: Clock, tell: Tell): Cancel {
  const rota = about.rota;
  const routers = rota.after(about.router, clock.now());
  const params = query({ host: about.host });
  let asked = 0;
  let open: Cancel[] = [];
  let stopTimer: Cancel = function () {};

  function next(): void {
    stopTimer();
    const router = routers[asked++];
    if (asked < routers.length) stopTimer = clock.after(patience, next);
    const request = { url: router + '/relay', params: params, timeout: timeout };
    const cancel = about.exchange(request, function (answer) {
      open = without(open, cancel);
      const body = answer.body;
      if (body && typeof body.alive === 'boolean') {
        rota.reached(router);
        stop();
        return tell(body.alive);
      }
      if (!(body && typeof body.code === 'string')) rota.unreached(router, clock.now());
      if (asked < routers.length) next();
      else if (!open.length) tell(null);
    });
    open.push(cancel);
  }
  function stop(): void {
    stopTimer();
    for (let i = 0; i < open.length; i++) open[i]();
    open = [];
  }
  next();
  return stop;
}
