import type { Cancel } from '../engine/clock.js';
import type { Events } from '../http/events.js';
import { query, type Answer, type Exchange } from '../http/exchange.js';
import type { Frame } from '../wire/frame.js';
import { readMessage } from '../wire/message.js';
import { poll } from './poll.js';
import type { Down } from './transport.js';

/**
 * Server-sent events (protocol 3.3). They end without saying why: where nothing has come before, a poll that does not wait asks
 * whether the socket is there at all.
 */
export function sse(events: Events, exchange: Exchange): Down {
  return {
    streams: true,
    read: function (at, ack, _, heartbeat, receiver) {
      let heard = false;
      receiver.asked(true);
      let cancel: Cancel = events(at.relay + '/e/' + at.socket + '?' + query({ a: ack, hb: heartbeat }), {
        event: function (data, id) {
          heard = true;
          let frame: Frame | null;
          try {
            frame = readMessage(JSON.parse(data));
            if (frame && !/^[1-9][0-9]{0,14}$/.test(id))
              throw new Error("the id of a message is no number but '" + id + "'");
          } catch (e) {
            cancel();
            return receiver.done({ status: 0, body: { error: (e as Error).message } });
          }
          receiver.alive(!frame);
          if (frame) receiver.received(+id, [frame]);
        },
        ended: function () {
          if (heard || (receiver.superseded && receiver.superseded()))
            return receiver.done({ status: 200, body: null });
          cancel = poll(exchange).read(at, ack, 0, 0, {
            asked: receiver.asked,
            alive: receiver.alive,
            received: receiver.received,
            done: truth,
          });
        },
      });

      function truth(answer: Answer): void {
        if (answer.status === 200) answer = { status: 0, body: answer.body };
        receiver.done(answer);
      }
      return function () {
        cancel();
      };
    },
  };
}
