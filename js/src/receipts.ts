import type { Cancel, Clock } from './engine/clock.js';

/**
 * A stream acknowledges when it begins, and never again. What it has brought is acknowledged by whatever goes up; where nothing
 * does, by a request of its own when so many bytes have come, or so many milliseconds have passed. The bytes have to be well
 * below those at which the relay waits (protocol bound.down).
 */
const mostBytes = 64 * 1024;
const longest = 5000;

/** Receipts says when such a request is due. */
export class Receipts {
  private bytes = 0;
  private stopTimer: Cancel | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly due: () => void,
  ) {}

  /** So much has come that was not acknowledged. */
  came(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes >= mostBytes) return this.ask();
    if (this.stopTimer) return;
    const self = this;
    this.stopTimer = this.clock.after(longest, function () {
      self.ask();
    });
  }

  /** Whether anything has come that was not acknowledged. */
  owes(): boolean {
    return this.bytes > 0;
  }

  /** A request is about to acknowledge all of it. One that fails is made again by who made it. */
  given(): void {
    this.bytes = 0;
    if (this.stopTimer) this.stopTimer();
    this.stopTimer = null;
  }

  private ask(): void {
    this.given();
    this.due();
  }
}
