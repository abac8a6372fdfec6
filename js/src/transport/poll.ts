import { query, type Exchange } from '../http/exchange.js';
import { read } from '../wire/message.js';
import type { Down } from './transport.js';

/** How many milliseconds an answer may be late, beyond what the relay was allowed to wait (see longRead in reader.ts). */
export const margin = 7000;

/**
 * Long-polling (protocol 1.4): each request brings what waits, or waits for something; but it does not wait while hurried
 * says so.
 */
export function poll(exchange: Exchange, hurried?: () => boolean): Down {
  return {
    read: function (at, ack, ttl, _, receiver) {
      if (hurried && hurried()) ttl = 0;
      const params = query({ a: ack, ttl: ttl, status: 200 });
      return exchange({ url: at.relay + '/j/' + at.socket, params: params, timeout: ttl + margin }, function (answer) {
        if (answer.status === 200) {
          let messages;
          try {
            messages = read(answer.body);
          } catch (e) {
            // A page of somebody on the way, who answers in the relay's place.
            return receiver.done({ status: 0, body: { error: (e as Error).message } });
          }
          receiver.received(messages.seq, messages.frames);
        }
        receiver.done(answer);
      });
    },
  };
}
