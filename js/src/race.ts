import type { Cancel, Clock } from './engine/clock.js';

/** Somebody who may be sent off, and comes back with a prize or with nothing. */
export interface Runner<Prize> {
  /** For how many milliseconds it runs alone; where that is left out, until it has failed. */
  alone?: number;
  /** Sends it off. It may have failed when this returns, and has not arrived. */
  start(on: RunnerEvents<Prize>): Run;
}

export interface RunnerEvents<Prize> {
  arrived(prize: Prize): void;
  failed(): void;
}

/** A runner under way. It tells nothing after either of these, and neither does anything the second time. */
export interface Run {
  /** Nobody wants it any more: it stops, and leaves nothing open. */
  cancel(): void;
  /** Another one has won. It may run to its end, and closes what it comes back with. One that had failed hears of it, too. */
  lose(): void;
}

/** A run that is over. */
export const still: Run = { cancel: function () {}, lose: function () {} };

/**
 * Sends off runners, one after the other: the next when the last one sent off has failed, or has run alone for its time. The
 * first to arrive has won. It has failed when all have.
 */
export function race<Prize>(runners: Runner<Prize>[], clock: Clock, on: RunnerEvents<Prize>): Cancel {
  const runs: Run[] = [];
  let started = 0;
  let running = 0;
  let over = false;
  let stopTimer: Cancel = function () {};

  function next(): void {
    stopTimer();
    if (started < runners.length) {
      send(started++);
    } else if (!running) {
      over = true;
      on.failed();
    }
  }

  function send(index: number): void {
    const runner = runners[index];
    running++;
    if (runner.alone !== undefined) stopTimer = clock.after(runner.alone, next);
    const run = runner.start({
      arrived: function (prize) {
        over = true;
        stopTimer();
        for (let i = 0; i < runs.length; i++) if (i !== index) runs[i].lose();
        on.arrived(prize);
      },
      failed: function () {
        running--;
        if (!over && (index === started - 1 || !running)) next();
      },
    });
    runs[index] = run;
    if (over) run.cancel(); // while it was sent off
  }

  next();
  return function () {
    if (over) return;
    over = true;
    stopTimer();
    for (let i = 0; i < runs.length; i++) if (runs[i]) runs[i].cancel();
  };
}
