import type { Cancel, Clock } from './clock.js';

/** A pulse tells when nothing was heard for too long. To hear something costs no timer. */
export class Pulse {
  private deadline = 0;
  private stopTimer: Cancel | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly still: () => void,
  ) {}

  /** Something was heard: for so many milliseconds from now on nothing need be. */
  beat(milliseconds: number): void {
    const deadline = this.clock.now() + milliseconds;
    if (deadline < this.deadline) this.end(); // the timer would be late
    this.deadline = deadline;
    if (!this.stopTimer) this.watch();
  }

  end(): void {
    if (this.stopTimer) this.stopTimer();
    this.stopTimer = null;
    this.deadline = 0;
  }

  private watch(): void {
    const self = this;
    this.stopTimer = this.clock.after(Math.max(0, this.deadline - this.clock.now()), function () {
      self.stopTimer = null;
      if (self.clock.now() < self.deadline) return self.watch();
      self.deadline = 0;
      self.still();
    });
  }
}
