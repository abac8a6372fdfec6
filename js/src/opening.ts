import type { Info } from './api.js';
import { alive, create, newNonce } from './create.js';
import type { Config } from './config.js';
import type { Connection } from './connection.js';
import { clock, type Cancel } from './engine/clock.js';
import type { Exchange } from './http/exchange.js';
import { openNative } from './native.js';
import { relayed } from './relayed.js';
import { Slots } from './slots.js';
import { waysOf, writeSteps } from './stepping.js';
import { transports, type Transport } from './transport/transport.js';
import { withoutUser } from './url.js';
import { wellFormed } from './wire/text.js';

export interface OpeningEvents {
  /** The connection is open. It tells nothing before it is listened to. */
  opened(connection: Connection, protocol: string, extensions: string): void;
  /** No transport has reached the target, and why the last one did not, in a sentence for a person. */
  failed(error: string): void;
  /** The transport in use, or those given up, have changed. */
  changed(): void;
}

const slots = new Slots(clock);

/** Opens a connection, by the first transport that can. What becomes of each is written into info. */
export function open(config: Config, url: string, protocols: string[], info: Info, on: OpeningEvents): Cancel {
  const nonce = newNonce(clock);
  let cancel: Cancel = nothing;
  let over = false;
  let tried = 0;
  let error = '';
  let token: string | undefined;
  let tokenKnown = false;
  // The exchange by which no router was reached, and why.
  let failed: { exchange: Exchange; why: string } | null = null;

  function next(): void {
    if (over) return;
    if (tried >= config.transports.length) return fail(error);
    const name = config.transports[tried++];
    const transport = transports[name];

    function giveUp(why: string, sentence: string): void {
      error = sentence;
      info.gaveUp.push({ transport: name, why: why });
      on.changed();
      next();
    }
    function missing(): void {
      giveUp('missing', 'this browser has no ' + name);
    }
    function opened(connection: Connection, protocol: string, extensions: string): void {
      over = true;
      info.transport = name;
      on.opened(connection, protocol, extensions);
      on.changed();
    }

    if (transport) {
      if (transport.missing()) return missing();
      if (failed && failed.exchange === transport.exchange) return giveUp(failed.why, error);
      return withToken(function () {
        cancel = openRelayed(transport, giveUp, opened);
      });
    }
    if (!config.native) return missing();
    cancel = openNative(config.native, url, protocols, config.timeout, clock, {
      opened: opened,
      failed: function (why) {
        giveUp(why, "the browser's own WebSocket did not open: " + why);
      },
    });
  }

  function openRelayed(
    transport: Transport,
    giveUp: (why: string, sentence: string) => void,
    opened: (connection: Connection, protocol: string, extensions: string) => void,
  ): Cancel {
    const ways = waysOf(config.transports.slice(tried - 1));
    const began = clock.now();
    const wish = { target: withoutUser(url), protocols: protocols, token: token, nonce: nonce };
    return create(config, wish, transport.exchange, clock, {
      created: function (at, protocol, router) {
        const connection = relayed({
          at: at,
          up: transport.up,
          downs: ways,
          exchange: transport.exchange,
          slots: slots,
          clock: clock,
          roundTrip: clock.now() - began,
          stepped: writeSteps(info, ways, on.changed),
          alive: function (tell) {
            alive(router, at, transport.exchange, tell);
          },
        });
        // WHATWG WebSockets, "establish a WebSocket connection": one that was asked for a subprotocol has to choose one.
        if (protocols.length && !protocol) {
          connection.listen({ message: nothing, closed: nothing });
          connection.close(1000, '');
          return fail('the target chose none of the subprotocols offered');
        }
        opened(connection, protocol, '');
      },
      refused: function (code, sentence) {
        tried = config.transports.length; // the others would hear the same
        giveUp(code, sentence);
      },
      failed: function (why, sentence) {
        failed = { exchange: transport.exchange, why: why };
        giveUp(why, sentence);
      },
    });
  }

  function withToken(run: () => void): void {
    if (tokenKnown) return run();
    function known(value: string | undefined): void {
      if (over || tokenKnown) return;
      if (value !== undefined && typeof value !== 'string')
        return fail('the token is a ' + typeof value + ', not a string');
      tokenKnown = true;
      token = value === undefined ? value : wellFormed(value);
      run();
    }
    function broke(e: any): void {
      fail('there is no token: ' + ((e && e.message) || e));
    }
    if (typeof config.token !== 'function') return known(config.token);
    try {
      const promised: any = config.token();
      if (!promised || typeof promised.then !== 'function') return known(promised);
      const stopTimer = clock.after(config.timeout, function () {
        broke('the promise of it has not settled in time');
      });
      cancel = stopTimer;
      promised.then(
        function (value: any) {
          stopTimer();
          known(value);
        },
        function (e: any) {
          stopTimer();
          broke(e);
        },
      );
    } catch (e) {
      broke(e);
    }
  }

  function fail(why: string): void {
    if (over) return;
    over = true;
    on.failed(why);
  }

  // Nothing fails before the constructor has returned.
  clock.soon(next);
  return function () {
    over = true;
    cancel();
  };
}

function nothing(): void {}
