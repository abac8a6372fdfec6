import type { Config } from './config.js';
import type { Cancel, Clock } from './engine/clock.js';
import { wellFormed } from './wire/text.js';

export interface TokenEvents {
  known(token: string | undefined): void;
  /** There is none, and why, in a sentence for a person. */
  failed(error: string): void;
}

/** Asks the page for its token. Either event may come before the call has returned, and only one does. */
export function askToken(config: Config, clock: Clock, on: TokenEvents): Cancel {
  let over = false;
  let stopTimer: Cancel = function () {};

  function end(): boolean {
    const first = !over;
    over = true;
    stopTimer();
    return first;
  }
  function known(value: unknown): void {
    if (!end()) return;
    if (value === undefined) on.known(undefined);
    else if (typeof value === 'string') on.known(wellFormed(value));
    else on.failed('the token is a ' + typeof value + ', not a string');
  }
  function broke(e: any): void {
    if (end()) on.failed('there is no token: ' + ((e && e.message) || e));
  }

  try {
    const given: any = typeof config.token === 'function' ? config.token() : config.token;
    if (given && typeof given.then === 'function') {
      stopTimer = clock.after(config.timeout, function () {
        broke('the promise of it has not settled in time');
      });
      given.then(known, broke);
    } else {
      known(given);
    }
  } catch (e) {
    broke(e);
  }
  return function () {
    end();
  };
}
