import type { Cancel } from './clock.js';
import { scope } from './global.js';

/* A page that goes away closes its sockets, as browsers do with native ones (WHATWG WebSockets §5, "make disappear"). */

let leaving: (() => void)[] = [];
let listening = false;

/** Calls run when the page goes away. It has to be done when it returns: nothing of the page may run after it. */
export function onPageHide(run: () => void): Cancel {
  listen();
  leaving.push(run);
  return function () {
    const rest = [];
    for (let i = 0; i < leaving.length; i++) if (leaving[i] !== run) rest.push(leaving[i]);
    leaving = rest;
  };
}

function listen(): void {
  if (listening) return;
  listening = true;
  // Engines without pagehide have unload. It is not listened to where there is the other: a page with an unload listener
  // is never kept for the back button.
  const type = 'onpagehide' in scope ? 'pagehide' : 'unload';
  if (scope.addEventListener) scope.addEventListener(type, leave, false);
  else if (scope.attachEvent) scope.attachEvent('on' + type, leave);
}

function leave(): void {
  const all = leaving;
  leaving = [];
  for (let i = 0; i < all.length; i++) all[i]();
}
