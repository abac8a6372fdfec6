import type { TransportName } from '../api.js';
import type { Cancel } from '../engine/clock.js';
import type { Answer, Exchange } from '../http/exchange.js';
import { pageLoads, script, scriptMissing } from '../http/script.js';
import { xhr, xhrMissing } from '../http/xhr.js';
import type { Part } from '../outbox.js';
import type { Frame } from '../wire/frame.js';
import { batches } from './batches.js';
import { parts } from './parts.js';
import { poll } from './poll.js';

/** Where a socket is: `https://relay.example.com`, and its id. */
export interface Address {
  relay: string;
  socket: string;
}

/** A way up: how messages are put into requests. */
export interface Up {
  /**
   * How much of a frame goes into one request, counted as its data is: in UTF-16 units or bytes. It is all of it, or
   * at least 1, and no surrogate pair is cut.
   */
  cut(frame: Frame): number;
  /** Whether a request takes many whole messages, or else one part of one. */
  many: boolean;
  /** Whether a request goes on although it is cancelled, and has its connection still. */
  stays?: boolean;
  /** Sends parts whose numbers follow one another, and acknowledges all messages up to ack. */
  send(at: Address, parts: Part[], ack: number, done: (answer: Answer) => void): Cancel;
}

/** What a way down tells. */
export interface Receiver {
  /** Messages have come; seq is the number of the first, or of the next one to come. */
  received(seq: number, frames: Frame[]): void;
  /** The request is over, and it is time for the next. */
  done(answer: Answer): void;
}

/** A way down: how one request brings messages. */
export interface Down {
  /** Asks for messages after ack, and lets the relay wait for ttl milliseconds where there are none. */
  read(at: Address, ack: number, ttl: number, receiver: Receiver): Cancel;
}

/** A transport is a way down and a way up, and the exchange that they are made with. */
export interface Transport {
  missing(): boolean;
  exchange: Exchange;
  up: Up;
  down: Down;
}

/** The transports through a relay. `websocket` is none of them: it goes past the relay. */
export const transports: { [name in TransportName]?: Transport } = {
  xhr: { missing: xhrMissing, exchange: xhr, up: batches(xhr), down: poll(xhr) },
  jsonp: { missing: scriptMissing, exchange: script, up: parts(script), down: poll(script, pageLoads) },
};
