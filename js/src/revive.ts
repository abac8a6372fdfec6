import type { Connection, ConnectionEvents, Data } from './connection.js';
import type { Clock } from './engine/clock.js';
import { offline } from './engine/online.js';
import { copy, isBlob } from './relayed.js';
import { utf8Length } from './wire/text.js';

/*
 * There are those on the way who let a handshake pass, and cut what they do not understand a moment later. A connection that
 * is cut soon, when nothing has come yet and there is a network, is taken for one that was killed so.
 */

/** In milliseconds from its opening. Whoever looks at what passes has seen enough by then; what is cut later was idle. */
const soon = 10000;

/** Who takes over a connection that is opened in the place of another. */
export interface Heir {
  opened(connection: Connection): void;
  failed(error: string): void;
}

export interface ReviveEvents {
  /** It was killed before anything went either way: another connection is to be opened in its place. */
  revive(heir: Heir): void;
  /** It was killed, and ends: what the page has sent may have been acted on, so that it cannot be sent again. */
  killed(): void;
}

/**
 * A native connection that goes on as another one, should it be killed, and the page never notices.
 *
 *     native ── killed ──▶ waiting ── opened ──▶ the other
 *        └── ended ──▶ ended ◀── failed ──┘
 */
export function revivable(native: Connection, clock: Clock, on: ReviveEvents): Connection {
  let current: Connection | null = watched(native, clock, cut);
  let page: ConnectionEvents;
  let sent = false;
  // What the page does while it waits.
  let kept: Data[] = [];
  let keptBytes = 0;
  let closing: (() => void) | null = null;

  function cut(end: (error?: string) => void): void {
    if (sent) {
      on.killed();
      return end();
    }
    current = null;
    on.revive({
      opened: function (connection) {
        current = connection;
        connection.listen(page);
        for (let i = 0; i < kept.length; i++) connection.send(kept[i]);
        kept = [];
        keptBytes = 0;
        if (closing) closing();
      },
      failed: end,
    });
  }

  return {
    listen: function (events) {
      page = events;
      current!.listen(events);
    },
    send: function (data) {
      sent = true;
      if (current) return current.send(data);
      const bytes = typeof data === 'string' || isBlob(data) ? data : copy(data);
      kept.push(bytes);
      keptBytes += typeof bytes === 'string' ? utf8Length(bytes) : 'size' in bytes ? bytes.size : bytes.byteLength;
    },
    close: function (code, reason) {
      closing = function () {
        current!.close(code, reason);
      };
      if (current) closing();
    },
    buffered: function () {
      return keptBytes + (current ? current.buffered() : 0);
    },
  };
}

/** The same connection. Where it is killed cut is called instead of its end being told, and gets what tells it. */
export function watched(
  connection: Connection,
  clock: Clock,
  cut: (end: (error?: string) => void) => void,
): Connection {
  const opened = clock.now();
  let heard = false;
  let closing = false;
  return {
    listen: function (on) {
      connection.listen({
        message: function (frame) {
          heard = true;
          on.message(frame);
        },
        closed: function (code, reason, wasClean, failed, error) {
          function end(instead?: string): void {
            on.closed(code, reason, wasClean, failed, instead || error);
          }
          const killed = code === 1006 && !heard && !closing && clock.now() - opened < soon && !offline();
          if (killed) cut(end);
          else end();
        },
      });
    },
    send: function (data) {
      connection.send(data);
    },
    close: function (code, reason) {
      closing = true;
      connection.close(code, reason);
    },
    buffered: function () {
      return connection.buffered();
    },
  };
}
