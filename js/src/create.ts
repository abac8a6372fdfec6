import type { Config } from './config.js';
import type { Cancel, Clock } from './engine/clock.js';
import { scope } from './engine/global.js';
import { query, sentence, type Answer, type Exchange } from './http/exchange.js';
import type { Run } from './race.js';
import type { Address } from './transport/transport.js';
import { version } from './version.js';

/** What is asked of a router. */
export interface Wish {
  target: string;
  protocols: string[];
  token: string | undefined;
  /** By it a router knows a wish that it was told before, so that one socket is opened, however often it is asked. */
  nonce: string;
}

/** What came of it. */
export interface CreateEvents {
  created(at: Address, protocol: string, router: string): void;
  /** A router has said no, and why, in a word and in a sentence. Others would say the same. */
  refused(code: string, error: string): void;
  /** No router was reached this way. */
  failed(why: string, error: string): void;
}

/** How often each router is asked, and how long to wait before it is asked again, in milliseconds. */
const rounds = 2;
const pause = 300;

/**
 * How many milliseconds a request goes on that is taken back. Its answer may be under way, and tells of a socket that nobody else
 * would close.
 */
const crossing = 500;

/** The least time that a router is given, in milliseconds, where the wait is shared by many. */
const least = 3000;

/** Has a socket opened (protocol 1.1). It asks the routers one after the other, until one gives it an answer. */
export function create(config: Config, wish: Wish, exchange: Exchange, clock: Clock, on: CreateEvents): Run {
  const routers = config.routers;
  const start = config.turn++;
  const timeout = Math.max(config.timeout / routers.length, Math.min(least, config.timeout));
  const params = query({
    from: 'polysocketjs-v' + version,
    target: wish.target,
    protocols: wish.protocols.length ? wish.protocols.join(',') : undefined,
    token: wish.token,
    nonce: wish.nonce,
  });
  let tries = 0;
  let lost = false;
  let asking: boolean;
  let cancel: Cancel;

  function ask(): void {
    const router = routers[(start + tries++) % routers.length];
    const request = { url: router + '/create', params: params, post: true, timeout: timeout };
    asking = true;
    cancel = exchange(
      request,
      function (answer) {
        took(router, answer);
      },
      function (answer) {
        const at = created(router, answer.body || {});
        if (at) close(at, exchange);
      },
    );
  }

  function took(router: string, answer: Answer): void {
    const body = answer.body || {};
    const at = created(router, body);
    asking = false;
    if (lost) return at ? close(at, exchange) : undefined;
    if (at) return on.created(at, body.protocol || '', router);
    const said = body.ok === false && typeof body.code === 'string';
    // One that has no relay, or is ill, says nothing about the others.
    const others = tries < routers.length;
    if (said && !(others && (body.code === 'no_relay' || body.code === 'internal'))) {
      return on.refused(body.code, sentence(answer));
    }
    if (answer.late && !others) return on.failed('hung', sentence(answer));
    if (others) return ask();
    if (tries >= rounds * routers.length) return on.failed('refused', sentence(answer));
    cancel = clock.after(pause * (0.5 + clock.random()), ask);
  }

  function stop(): void {
    cancel();
  }
  ask();
  function lose(): void {
    lost = true;
    if (!asking) stop();
  }
  return {
    cancel: function () {
      lose();
      if (asking) clock.after(crossing, stop);
    },
    lose: lose,
  };
}

/** Where the socket is that an answer tells of; null where it tells of none. */
function created(router: string, body: any): Address | null {
  if (body.ok !== true || typeof body.polysocketd !== 'string' || typeof body.socket !== 'string') return null;
  const parts = /^(https?:\/\/)([^\/]*)(.*)$/i.exec(router)!;
  // One process that is router and relay has both below the same path.
  const path = body.polysocketd === parts[2] ? parts[3] : '';
  return { relay: parts[1] + body.polysocketd + path, socket: body.socket };
}

/** Closes a socket that nobody wants any more. */
export function close(at: Address, exchange: Exchange): void {
  const params = query({ t: 'c', code: 1000, status: 200 });
  exchange({ url: at.relay + '/s/' + at.socket, params: params, post: true, timeout: 10000 }, function () {});
}

/** Asks a router whether a relay is alive (protocol 1.2); null where there is no answer. */
export function alive(router: string, at: Address, exchange: Exchange, tell: (alive: boolean | null) => void): Cancel {
  const params = query({ host: at.relay.split('/')[2] });
  return exchange({ url: router + '/relay', params: params, timeout: 10000 }, function (answer) {
    const body = answer.body;
    tell(body && typeof body.alive === 'boolean' ? body.alive : null);
  });
}

/** A word of 128 random bits. */
export function newNonce(clock: Clock): string {
  const crypto = scope.crypto || scope.msCrypto;
  let s = '';
  if (crypto && crypto.getRandomValues && typeof scope.Uint8Array === 'function') {
    const bytes = crypto.getRandomValues(new scope.Uint8Array(16));
    for (let i = 0; i < 16; i++) s += (bytes[i] + 256).toString(16).slice(1);
    return s;
  }
  while (s.length < 32) s += clock.random().toString(16).slice(2, 10);
  return s.slice(0, 32);
}
