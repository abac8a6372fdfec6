// An opening under way on a stage, with a native WebSocket, routers and a page in the test's hands.
import { open } from '../../build/opening.js';
import { Rota } from '../../build/rota.js';
import { withGlobals } from './globals.mjs';
import { nativeClass } from './natives.mjs';
import { stage } from './stage.mjs';

/**
 * Begins one. `told` has what it tells, `outcome` leaves out the changes of the transport, and `next` begins another one in the
 * same page.
 */
export function opening(
  t,
  {
    transports = ['websocket', 'xhr', 'jsonp'],
    protocols = [],
    native,
    routers = ['https://a.test'],
    url = 'wss://target.test/',
    globals = {},
    ...more
  } = {},
) {
  const set = stage(t);
  withGlobals(t, { ...set.globals, ...globals });
  const Native = nativeClass(set.clock);
  const config = {
    routers,
    rota: new Rota(routers, 0),
    token: undefined,
    transports,
    timeout: 10_000,
    native: native === null ? undefined : Native,
    ...more,
  };

  function next(other = {}) {
    const info = { transport: null, gaveUp: [], error: '' };
    const told = [];
    let connection = null;
    const cancel = open({ ...config, ...other.config }, other.url ?? url, other.protocols ?? protocols, info, {
      opened: (c, protocol, extensions) => {
        connection = c;
        told.push(['opened', protocol, extensions]);
        c.listen({ message: (frame) => told.push(frame.data), closed: (...args) => told.push(['closed', ...args]) });
      },
      failed: (error) => told.push(['failed', error]),
      changed: () => {
        told.push(['changed', info.transport, info.gaveUp.length]);
        other.changed?.(info);
      },
    });
    const gaveUp = () => info.gaveUp.map(({ transport, why }) => `${transport} ${why}`);
    const outcome = () => told.filter(([what]) => what !== 'changed');
    return { info, told, cancel, gaveUp, outcome, connection: () => connection };
  }

  const natives = Native.made;
  return { ...set, natives, native: () => natives[natives.length - 1], next, ...next(more) };
}

/** A promise as old libraries have it: it is settled when the test says so. */
export function promise() {
  const p = {
    then(resolved, rejected) {
      p.resolve = resolved;
      p.reject = rejected;
    },
  };
  return p;
}
