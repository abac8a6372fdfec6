import type { Connection, ConnectionEvents, Data } from './connection.js';
import { Fifo } from './engine/fifo.js';
import { scope } from './engine/global.js';
import { onPageHide } from './engine/pagehide.js';
import { Link, type LinkEvents, type LinkOptions } from './link.js';
import type { Frame } from './wire/frame.js';
import { utf8Length } from './wire/text.js';

/** What is needed for a connection through a relay: all that its link needs, and who hears that it reads by another way. */
export interface Relaying extends Omit<LinkOptions, 'on'> {
  stepped: LinkEvents['stepped'];
}

/** A message whose bytes are still being read: its frame is there when they are. */
interface Pending {
  size: number;
  frame: Frame | null;
}

/** A connection through a relay. */
export function relayed(way: Relaying): Connection {
  let on: ConnectionEvents;
  let over = false;
  const link = new Link({
    at: way.at,
    up: way.up,
    downs: way.downs,
    path: way.path,
    exchange: way.exchange,
    names: way.names,
    slots: way.slots,
    clock: way.clock,
    roundTrip: way.roundTrip,
    alive: way.alive,
    on: {
      message: function (frame) {
        on.message(frame);
      },
      closed: function (code, reason, wasClean) {
        // The reason of a 1006 is the relay's: what the target did wrong, for which a browser would have failed it.
        if (code === 1006) end(code, '', wasClean, reason);
        else end(code, reason, wasClean, '');
      },
      failed: failed,
      stepped: way.stepped,
    },
  });
  const stay = onPageHide(function () {
    link.leave(1001);
    // Should the page come back, it finds the socket closed.
    way.clock.after(0, function () {
      failed('the page was left');
    });
  });

  function failed(error: string): void {
    end(1006, '', false, error);
  }
  function end(code: number, reason: string, wasClean: boolean, error: string): void {
    if (over) return;
    over = true;
    stay();
    on.closed(code, reason, wasClean, error !== '', error);
  }

  // A Blob has to be read first, and what comes after it waits.
  const pending = new Fifo<Pending>();
  let unread = 0;
  function push(next: Pending): void {
    if (next.frame && !pending.length()) return link.send(next.frame);
    unread += next.size;
    pending.push(next);
  }
  function flush(): void {
    for (let first = pending.first(); first && first.frame; first = pending.first()) {
      pending.shift();
      unread -= first.size;
      link.send(first.frame);
    }
  }

  return {
    listen: function (events) {
      on = events;
      link.start();
    },
    send: function (data) {
      if (typeof data === 'string') return push({ size: utf8Length(data), frame: { kind: 't', data: data } });
      if (!isBlob(data)) return push({ size: data.byteLength, frame: { kind: 'b', data: copy(data) } });
      const next: Pending = { size: data.size, frame: null };
      push(next);
      read(data, function (bytes) {
        if (!bytes) {
          link.leave(1001);
          return failed('a Blob that was sent could not be read');
        }
        next.frame = { kind: 'b', data: bytes };
        flush();
      });
    },
    close: function (code, reason) {
      push({ size: 0, frame: { kind: 'c', code: code, data: reason } });
    },
    buffered: function () {
      return unread + link.buffered();
    },
  };
}

/** Whether it has to be read before its bytes are known. */
export function isBlob(data: Data): data is Blob {
  return typeof scope.Blob === 'function' && data instanceof scope.Blob;
}

/** The bytes as they are now. */
export function copy(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  const view = 'buffer' in data;
  const bytes = new Uint8Array(view ? data.buffer : data, view ? data.byteOffset : 0, data.byteLength);
  const all = new Uint8Array(bytes.length);
  all.set(bytes);
  return all;
}

function read(blob: Blob, done: (bytes: Uint8Array | null) => void): void {
  const reader: FileReader = new scope.FileReader();
  reader.onload = function () {
    done(new Uint8Array(reader.result as ArrayBuffer));
  };
  reader.onerror = function () {
    done(null);
  };
  reader.readAsArrayBuffer(blob);
}
