import type { Cancel } from './clock.js';
import { scope } from './global.js';

/** Calls run whenever the browser says that it has a network again. */
export function onOnline(run: () => void): Cancel {
  if (!scope.addEventListener) return function () {};
  scope.addEventListener('online', run, false);
  return function () {
    scope.removeEventListener('online', run, false);
  };
}

/** Whether the browser says that it has no network. */
export function offline(): boolean {
  return !!scope.navigator && scope.navigator.onLine === false;
}
