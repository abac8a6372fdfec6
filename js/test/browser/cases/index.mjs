import big from './big.mjs';
import binary from './binary.mjs';
import broken from './broken.mjs';
import buffered from './buffered.mjs';
import closeArguments from './close-arguments.mjs';
import close from './close.mjs';
import connecting from './connecting.mjs';
import events from './events.mjs';
import greeting from './greeting.mjs';
import handlers from './handlers.mjs';
import interface_ from './interface.mjs';
import listeners from './listeners.mjs';
import order from './order.mjs';
import refused from './refused.mjs';
import slow from './slow.mjs';
import subclass from './subclass.mjs';
import subprotocol from './subprotocol.mjs';
import targetClose from './target-close.mjs';
import text from './text.mjs';
import url from './url.mjs';
import websocketd from './websocketd.mjs';

/**
 * All cases. Each is data: its name, the target it wants (`told`, unless it says), a function that runs in the page with
 * what recorder.mjs hands it (it sees nothing else but `args`), and the trace that it must leave.
 */
export const cases = [
  ...text,
  ...binary,
  ...big,
  ...order,
  ...buffered,
  ...connecting,
  ...greeting,
  ...close,
  ...closeArguments,
  ...targetClose,
  ...broken,
  ...refused,
  ...slow,
  ...subprotocol,
  ...url,
  ...interface_,
  ...subclass,
  ...events,
  ...listeners,
  ...handlers,
  ...websocketd,
];
