import type { Cancel } from '../engine/clock.js';
import { scope } from '../engine/global.js';

/** What server-sent events tell: each event's data and the id of the last that had one, and their end, which has no cause. */
export interface Listener {
  event(data: string, id: string): void;
  ended(): void;
}

/** Reads server-sent events until they end. After that, and after the cancel, nothing is told. */
export type Events = (url: string, on: Listener) => Cancel;

export function eventsMissing(): boolean {
  return typeof scope.EventSource !== 'function' && typeof scope.EventSource !== 'object';
}

/** Server-sent events by EventSource, without credentials. It is not let reconnect by itself: it would with an old `a`. */
export const events: Events = function (url, on) {
  const source: EventSource = new scope.EventSource(url);
  function end(): void {
    source.onmessage = source.onerror = null;
    source.close();
  }
  source.onmessage = function (event) {
    on.event(event.data, event.lastEventId);
  };
  source.onerror = function () {
    end();
    on.ended();
  };
  return end;
};
