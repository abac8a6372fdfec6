import type { TransportName } from '../api.js';
import type { Cancel } from '../engine/clock.js';
import { clock } from '../engine/clock.js';
import type { Answer, Exchange } from '../http/exchange.js';
import { events, eventsMissing } from '../http/events.js';
import { fetchFlows, flow, xhrFlows } from '../http/flow.js';
import { pageLoads, script, scriptMissing } from '../http/script.js';
import { xhr, xhrMissing } from '../http/xhr.js';
import type { Part } from '../outbox.js';
import type { Frame } from '../wire/frame.js';
import { batches } from './batches.js';
import { pollMany, streamMany, type Many } from './many.js';
import { parts, urlRoom } from './parts.js';
import { poll } from './poll.js';
import { Shared } from './shared.js';
import { sse } from './sse.js';
import { stream } from './stream.js';

/** Where a socket is. */
export interface Address {
  /** Its relay, as `https://relay.example.com`, by the name that is in use. */
  relay: string;
  /** Its id. */
  socket: string;
  /** The relay by both of its names, where it has two: with a label before it, and without (see Names). */
  names?: { label: string; bare: string };
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
  /**
   * A stream was asked for, now: its first bytes are to come at once, and others whenever a heartbeat has passed. Or where it
   * is none, a poll was in its place. A poll that goes by itself need not say so.
   */
  asked(streams: boolean): void;
  /** Bytes of a stream have come, which are but a heartbeat, or are not; or somebody else's messages, by the same request. */
  alive(bare: boolean): void;
  /** Messages have come; seq is the number of the first, or of the next one to come. */
  received(seq: number, frames: Frame[]): void;
  /** The request is over, and it is time for the next. */
  done(answer: Answer): void;
  /** Whether another read has taken the place of this one: then it makes no request any more. */
  superseded?(): boolean;
}

/** A way down: how one request brings messages. */
export interface Down {
  /** Whether messages come while the request goes on. What such a one has brought is to be acknowledged by others. */
  streams?: boolean;
  /**
   * Asks for messages after ack, and lets the relay wait for ttl milliseconds where there are none; a stream has no such
   * bound, but shows that it lives whenever nothing has come for the milliseconds of heartbeat.
   */
  read(at: Address, ack: number, ttl: number, heartbeat: number, receiver: Receiver): Cancel;
}

/** A transport is a way down and a way up, and the exchange that they are made with. */
export interface Transport {
  missing(): boolean;
  exchange: Exchange;
  up: Up;
  down: Down;
}

/** All sockets of the page share what they read of one relay. */
const shared = new Shared(clock);
const manyPolls = pollMany(xhr, function () {
  return Infinity;
});
const manyStreams = streamMany(flow);
const manyScripts = pollMany(script, urlRoom, pageLoads);
function byPolls(): Many {
  return manyPolls;
}
function byStreams(): Many {
  return manyStreams;
}
function byScripts(): Many {
  return manyScripts;
}
const up = batches(xhr);

/** The transports through a relay. `websocket` is none of them: it goes past the relay. */
export const transports: { [name in TransportName]?: Transport } = {
  stream: { missing: streamMissing, exchange: xhr, up: up, down: shared.down(stream(flow), byStreams) },
  sse: { missing: sseMissing, exchange: xhr, up: up, down: shared.down(sse(events, xhr), byPolls) },
  xhr: { missing: xhrMissing, exchange: xhr, up: up, down: shared.down(poll(xhr), byPolls) },
  jsonp: {
    missing: scriptMissing,
    exchange: script,
    up: parts(script),
    down: shared.down(poll(script, pageLoads), byScripts),
  },
};

function streamMissing(): boolean {
  return xhrMissing() || !(fetchFlows() || xhrFlows());
}

function sseMissing(): boolean {
  return xhrMissing() || eventsMissing();
}
