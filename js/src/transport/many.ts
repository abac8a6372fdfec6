import type { Cancel } from '../engine/clock.js';
import { query, type Answer, type Exchange } from '../http/exchange.js';
import type { Flow } from '../http/flow.js';
import { Lines } from '../wire/lines.js';
import { readEntry, readMany, type Entry } from '../wire/message.js';
import { margin } from './poll.js';
import { ofType } from './stream.js';

/** What a request for many sockets tells. */
export interface ManyEvents {
  /** Bytes of a stream have come, which are but a heartbeat, or are not. */
  alive(bare: boolean): void;
  /** Something has come for a socket. */
  entry(entry: Entry): void;
  /** The request is over. */
  done(answer: Answer): void;
}

/** How one request brings the messages of many sockets of a relay (protocol 3.4). */
export interface Many {
  /** Whether it goes on when messages have come. */
  streams?: boolean;
  /** How many characters of a URL the sockets may take. */
  room(): number;
  /** Asks for them, which are named with their acknowledgements: `id:a,id:a`. What waits is as with a Down. */
  read(relay: string, sockets: string, ttl: number, heartbeat: number, on: ManyEvents): Cancel;
}

/** Long-polling for many sockets. By POST, where that can be had, they are in no URL. */
export function pollMany(exchange: Exchange, room: () => number, hurried?: () => boolean): Many {
  return {
    room: room,
    read: function (relay, sockets, ttl, _, on) {
      if (hurried && hurried()) ttl = 0;
      const params = query({ s: sockets, ttl: ttl, status: 200 });
      return exchange({ url: relay + '/m', params: params, post: true, timeout: ttl + margin }, function (answer) {
        if (answer.status === 200) {
          try {
            const entries = readMany(answer.body);
            for (let i = 0; i < entries.length; i++) on.entry(entries[i]);
          } catch (e) {
            answer = { status: 0, body: { error: (e as Error).message } };
          }
        }
        on.done(answer);
      });
    },
  };
}

/** A response without an end that has a line for whatever comes for any of them. */
export function streamMany(flow: Flow): Many {
  return {
    streams: true,
    room: function () {
      return Infinity;
    },
    read: function (relay, sockets, _, heartbeat, on) {
      const lines = new Lines();
      let heard = false;
      return flow(
        { url: relay + '/m', params: query({ s: sockets, stream: 1, hb: heartbeat }), post: true },
        {
          begun: function (header) {
            ofType(header, 'application/x-ndjson');
          },
          bytes: function (bytes) {
            heard = true;
            const all = lines.push(bytes);
            on.alive(!all.length && lines.empty());
            for (let i = 0; i < all.length; i++) on.entry(readEntry(JSON.parse(all[i])));
          },
          done: function (answer) {
            if (answer.status === 200 && !(heard && lines.empty())) answer = { status: 0, body: null };
            on.done(answer);
          },
        },
      );
    },
  };
}
