import type { Connection } from './connection.js';
import type { Cancel, Clock } from './engine/clock.js';

export interface NativeEvents {
  /** It is open, after so many milliseconds. */
  opened(connection: Connection, protocol: string, extensions: string, took: number): void;
  failed(why: string): void;
}

/** Opens the browser's own WebSocket, and gives it up where it is not open in time. */
export function openNative(
  Native: typeof WebSocket,
  url: string,
  protocols: string[],
  timeout: number,
  clock: Clock,
  on: NativeEvents,
): Cancel {
  const start = clock.now();
  let native: WebSocket;
  try {
    native = protocols.length ? new Native(url, protocols) : new Native(url);
  } catch (e) {
    // An engine of before the standard, or a page that may not.
    return clock.after(0, function () {
      on.failed('refused');
    });
  }

  function stop(): void {
    stopTimer();
    native.onopen = native.onerror = native.onclose = null;
    native.close();
  }
  const stopTimer = clock.after(timeout, function () {
    stop();
    on.failed('hung');
  });
  native.binaryType = 'arraybuffer';
  native.onclose = native.onerror = function () {
    stop();
    on.failed('refused');
  };
  native.onopen = function () {
    stopTimer();
    native.onclose = native.onerror = null;
    on.opened(connection(native), native.protocol, native.extensions, clock.now() - start);
  };
  return stop;
}

function connection(native: WebSocket): Connection {
  return {
    listen: function (on) {
      let failed = false;
      native.onmessage = function (event) {
        const text = typeof event.data === 'string';
        on.message({ kind: text ? 't' : 'b', data: text ? event.data : new Uint8Array(event.data) });
      };
      native.onerror = function () {
        failed = true;
      };
      native.onclose = function (event) {
        on.closed(event.code, event.reason, event.wasClean, failed, '');
      };
    },
    send: function (data) {
      native.send(data as ArrayBuffer);
    },
    close: function (code, reason) {
      if (code === 1005) native.close();
      else native.close(code, reason);
    },
    buffered: function () {
      return native.bufferedAmount;
    },
  };
}
