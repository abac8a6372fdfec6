import { scope } from './global.js';

/** Undoes or ends what the call that gave it has begun. To call it again, or too late, does nothing. */
export type Cancel = () => void;

/** Time and chance, which tests replace. */
export interface Clock {
  /** Milliseconds, from any moment on. */
  now(): number;
  /** Calls run once, after so many milliseconds. */
  after(milliseconds: number, run: () => void): Cancel;
  /** Calls run when the code that runs now is done, and before the browser does anything else where that can be had. */
  soon(run: () => void): void;
  /** A number from 0 up to, and without, 1. */
  random(): number;
}

export const clock: Clock = {
  now: function () {
    return new Date().getTime();
  },
  after: function (milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return function () {
      clearTimeout(timer);
    };
  },
  soon: function (run) {
    if (typeof scope.Promise === 'function') scope.Promise.resolve().then(run);
    else setTimeout(run, 0);
  },
  random: Math.random,
};
