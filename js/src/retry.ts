import type { Clock } from './engine/clock.js';

/** The waits between tries, in milliseconds: the first, and the longest. */
const first = 100;
const longest = 5000;

/** How long requests may fail, in milliseconds: the grace period after which a relay has closed the socket anyway. */
const grace = 30000;

/** How often they have failed by then, at least: a request may have waited long for its slot, or a page have slept. */
const leastFailures = 3;

/** Retry says when to try again what has failed, and when it is in vain. */
export class Retry {
  /** How often it has failed since it last went well. */
  failures = 0;
  private since = 0;

  constructor(private readonly clock: Clock) {}

  /** It went well. */
  ok(): void {
    this.failures = 0;
  }

  /** It has failed. The answer is how many milliseconds to wait before the next try; null where it is in vain by now. */
  failed(): number | null {
    if (!this.failures++) this.since = this.clock.now();
    if (this.failures >= leastFailures && this.clock.now() - this.since > grace) return null;
    // Full jitter, but for a little: clients that were cut off together do not come back together.
    const wait = Math.min(longest, first * Math.pow(2, this.failures - 1));
    return wait / 4 + this.clock.random() * wait * 0.75;
  }
}
