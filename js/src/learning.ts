import type { Config } from './config.js';
import { clock } from './engine/clock.js';
import { tells, type Journal } from './journal.js';
import type { Place } from './memory.js';
import { openNative } from './native.js';
import { still, type Run, type Runner, type RunnerEvents } from './race.js';
import type { Opened } from './asking.js';

/**
 * For how many milliseconds the browser's own WebSocket is tried alone: for twice as long as it took the last time, at least
 * so long, which is a round trip on any line that is not very poor, and at most so long, since somebody waits.
 */
const leastAlone = 250;
const mostAlone = 3000;

/**
 * A runner that opens the browser's own WebSocket, and remembers what becomes of it. That it is blocked is known only where a
 * relay has opened: else it may be the target, or there is no network at all.
 */
export function learning(
  config: Config,
  url: string,
  protocols: string[],
  place: Place,
  journal: Journal,
): Runner<Opened> {
  return {
    alone: Math.min(mostAlone, Math.max(leastAlone, 2 * place.took())),
    start: function (on) {
      if (config.native) return start(config.native, on);
      journal.gaveUp(['websocket'], 'missing', 'this browser has no websocket', tells.missing);
      on.failed();
      return still;
    },
  };

  function start(Native: typeof WebSocket, on: RunnerEvents<Opened>): Run {
    let failed = '';
    let lost = false;
    const cancel = openNative(Native, url, protocols, config.timeout, clock, {
      opened: function (connection, protocol, extensions, took) {
        place.opened(took);
        if (lost) return connection.close(1000, '');
        on.arrived({ transport: 'websocket', connection: connection, protocol: protocol, extensions: extensions });
      },
      failed: function (why) {
        failed = why;
        if (lost) return place.block('websocket', why);
        journal.gaveUp(['websocket'], why, "the browser's own WebSocket did not open: " + why, tells.native);
        on.failed();
      },
    });
    return {
      cancel: cancel,
      lose: function () {
        lost = true;
        if (failed) return place.block('websocket', failed);
        journal.note('websocket', 'hung');
        place.block('websocket', 'hung', config.timeout); // until it is known: the page may be gone by then
      },
    };
  }
}
