import type { Config } from './config.js';
import type { Cancel, Clock } from './engine/clock.js';
import { scope } from './engine/global.js';
import { without } from './engine/list.js';
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
  /** A router has said no, and why, in a word and in a sentence. Others would say the same, or have. */
  refused(code: string, error: string): void;
  /** No router was reached this way. The error says what became of each. */
  failed(why: string, error: string): void;
}

/** How often each router is asked, and how long to wait before it is asked again, in milliseconds. */
const rounds = 2;
const pause = 300;

/**
 * After how many milliseconds the next router is asked beside one that has not answered, at most: the target may need as long, and so
 * the first goes on.
 */
const patience = 3000;

/**
 * How many milliseconds a request goes on that is taken back. Its answer may be under way, and tells of a socket that nobody else
 * would close.
 */
const crossing = 500;

/** A router that is being asked. */
interface Asked {
  router: string;
  at: number;
  cancel: Cancel;
}

/**
 * Has a socket opened (protocol 1.1). It asks the routers one after the other, until one gives it an answer: the next when one has
 * failed, and beside one that hangs.
 */
export function create(config: Config, wish: Wish, exchange: Exchange, clock: Clock, on: CreateEvents): Run {
  const rota = config.rota;
  const began = clock.now();
  const routers = rota.next(began);
  const alone = Math.min(patience, config.timeout / routers.length);
  const params = query({
    from: 'polysocketjs-v' + version,
    target: wish.target,
    protocols: wish.protocols.length ? wish.protocols.join(',') : undefined,
    token: wish.token,
    nonce: wish.nonce,
  });
  const outcomes: { [router: string]: string } = {};
  let under: Asked[] = [];
  let tries = 0;
  /** What a router has said that has no relay, or is ill: it says nothing about the others. */
  let word = '';
  /** Whether it was told what came of it, or nobody wants to know. */
  let over = false;
  let stopTimer: Cancel | null = null;

  function wait(milliseconds: number): void {
    stopTimer = clock.after(milliseconds, function () {
      stopTimer = null;
      ask();
    });
  }

  function stopWaiting(): void {
    if (stopTimer) stopTimer();
    stopTimer = null;
  }

  /** The one whose turn it is, of those that are not being asked. */
  function next(): string | null {
    while (tries < rounds * routers.length) {
      const router = routers[tries++ % routers.length];
      let idle = true;
      for (let i = 0; i < under.length; i++) if (under[i].router === router) idle = false;
      if (idle) return router;
    }
    return null;
  }

  function ask(): void {
    stopWaiting();
    const now = clock.now();
    const router = next();
    if (router === null) return;
    const asked: Asked = { router: router, at: now, cancel: nothing };
    under.push(asked);
    if (tries < routers.length) wait(alone);
    const request = {
      url: router + '/create',
      params: params,
      post: true,
      timeout: Math.max(1, began + config.timeout - now),
    };
    asked.cancel = exchange(
      request,
      function (answer) {
        under = without(under, asked);
        took(router, answer);
      },
      function (answer) {
        unwanted(created(router, answer.body || {}));
      },
    );
  }

  function took(router: string, answer: Answer): void {
    const body = answer.body || {};
    const at = created(router, body);
    const said = body.ok === false && typeof body.code === 'string';
    if (over) return unwanted(at);
    if (at || said) rota.reached(router);
    else rota.unreached(router, clock.now());
    if (at) {
      end();
      return on.created(at, body.protocol || '', router);
    }
    outcomes[router] = sentence(answer);
    if (said && body.code !== 'no_relay' && body.code !== 'internal' && !used(body.code)) {
      end();
      return on.refused(body.code, sentence(answer));
    }
    if (said) word = body.code;
    if (tries < routers.length) return ask();
    const late = answer.late || clock.now() - began >= config.timeout;
    if (!word && !late && tries < rounds * routers.length) {
      if (!stopTimer) wait(pause * (0.5 + clock.random()));
      return;
    }
    if (under.length) return;
    end();
    if (word) on.refused(word, routers.length > 1 ? tried() : sentence(answer));
    else on.failed(late ? 'hung' : 'refused', tried());
  }

  /** Whether a token is perhaps a ticket, which another router has that is being asked still: then that one says what came of it. */
  function used(code: string): boolean {
    return code === 'token_invalid' && under.length > 0;
  }

  function tried(): string {
    let s = '';
    for (let i = 0; i < routers.length; i++) s += (s && '; ') + routers[i] + ': ' + outcomes[routers[i]];
    return s;
  }

  function unwanted(at: Address | null): void {
    if (at) close(at, exchange);
  }

  /** It is known what came of it. Those who are asked still are not needed, and who had the time has hung. */
  function end(): void {
    for (let i = 0; i < under.length; i++) {
      if (clock.now() - under[i].at >= alone) rota.unreached(under[i].router, clock.now());
    }
    lose();
    takeBack();
  }

  function lose(): void {
    over = true;
    stopWaiting();
  }

  function takeBack(): void {
    if (!under.length) return;
    clock.after(crossing, function () {
      for (let i = 0; i < under.length; i++) under[i].cancel();
      under = [];
    });
  }

  ask();
  return {
    cancel: function () {
      lose();
      takeBack();
    },
    lose: lose,
  };
}

/** Where the socket is that an answer tells of; null where it tells of none. */
function created(router: string, body: any): Address | null {
  if (body.ok !== true || typeof body.polysocketd !== 'string' || typeof body.socket !== 'string') return null;
  const parts = /^(https?:\/\/)([^\/]*)(.*)$/i.exec(router)!;
  function base(host: string): string {
    // One process that is router and relay has both below the same path.
    return parts[1] + host + (host === parts[2] ? parts[3] : '');
  }
  const at: Address = { relay: base(body.polysocketd), socket: body.socket };
  if (body.bare && typeof body.bare === 'string') at.names = { label: at.relay, bare: base(body.bare) };
  return at;
}

/** Closes a socket that nobody wants any more. */
export function close(at: Address, exchange: Exchange): void {
  const params = query({ t: 'c', code: 1000, status: 200 });
  function by(relay: string, done: (answer: Answer) => void): void {
    exchange({ url: relay + '/s/' + at.socket, params: params, post: true, timeout: 10000 }, done);
  }
  by(at.relay, function (answer) {
    if (!answer.status && at.names) by(at.names.bare, nothing);
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

function nothing(): void {}
