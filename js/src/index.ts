import type { Info, Options, TransportEvent } from './api.js';
import { configure } from './config.js';
import { scope } from './engine/global.js';
import { report } from './events.js';
import { hidden } from './interface.js';
import { define, infoOf, watch } from './socket.js';
import { version } from './version.js';

export type { GaveUp, Info, Options, TransportEvent, TransportName } from './api.js';
export { version };

/** The property of a class of ours that has the browser's own: another copy of this script may look for it. */
const nativeOf = '_polysocketNative';

/**
 * Makes a class that is used as the browser's own WebSocket is, and reaches its targets by the first of the transports that
 * can. A TypeError says which option is wrong.
 */
export function create(options?: Options): typeof WebSocket {
  const native = ownOf(scope.WebSocket);
  const ours = define(configure(options, native));
  hidden(ours, nativeOf, native);
  return ours;
}

/** Puts such a class over globalThis.WebSocket, for a page that need not know. What it returns undoes it. */
export function install(options?: Options): () => void {
  const before = Object.prototype.hasOwnProperty.call(scope, 'WebSocket') ? { value: scope.WebSocket } : null;
  const ours = create(options);
  scope.WebSocket = ours;
  return function () {
    if (scope.WebSocket !== ours) return;
    if (before) scope.WebSocket = before.value;
    else delete scope.WebSocket;
  };
}

/** Tells which transport a socket uses, which were given up before, and why it failed, where it did. */
export function info(socket: WebSocket): Info {
  return infoOf(socket);
}

const listeners: ((event: TransportEvent) => void)[] = [];

/**
 * Calls the listener whenever a socket of any class has another transport, or has given one up. What it returns takes the
 * listener off again.
 */
export function on(type: 'transport', listener: (event: TransportEvent) => void): () => void {
  if (type !== 'transport')
    throw new TypeError("polysocket: there is no '" + type + "' to listen to, only 'transport'");
  if (typeof listener !== 'function') throw new TypeError('polysocket: the listener is no function');
  listeners.push(listener);
  return function () {
    for (let i = 0; i < listeners.length; i++) {
      if (listeners[i] === listener) {
        listeners.splice(i, 1);
        return;
      }
    }
  };
}

watch.changed = function (socket) {
  const all = listeners.slice();
  for (let i = 0; i < all.length; i++) {
    const now = infoOf(socket);
    try {
      all[i]({ socket: socket, transport: now.transport, gaveUp: now.gaveUp, error: now.error });
    } catch (e) {
      report(e);
    }
  }
};

/** The browser's own class: what is under one of ours, where that was installed. */
function ownOf(current: typeof WebSocket | undefined): typeof WebSocket | undefined {
  if (current && nativeOf in current) return (current as any)[nativeOf];
  return typeof current === 'function' || typeof current === 'object' ? current : undefined;
}
