import type { Cancel } from '../engine/clock.js';
import { query, type Answer, type Exchange } from '../http/exchange.js';
import type { Address } from './transport.js';

/** Acknowledges all messages up to ack, and does nothing else (protocol down.ack). */
export function acknowledge(exchange: Exchange, at: Address, ack: number, done: (answer: Answer) => void): Cancel {
  const params = query({ a: ack, status: 200 });
  return exchange({ url: at.relay + '/s/' + at.socket, params: params, post: true, timeout: 10000 }, done);
}
