/** The public types. They stand in one file, so that dist/polysocket.d.ts is one. */

/** The ways to reach a target, as `transports` orders them and `info` names them. */
export type TransportName = 'websocket' | 'stream' | 'sse' | 'xhr' | 'jsonp';

export interface Options {
  /**
   * Where the router is: a base URL such as `https://relay.example.com` or `https://app.example.com/polysocket`, or a list
   * of them, each of which serves as well as another: they have the same relays. Left out, it is the place that the script element of polysocket.js
   * names.
   */
  router?: string | readonly string[];
  /** What authorises the page, where the router asks for it: a string, or a function that gives one or a promise of one. */
  token?: string | (() => string | PromiseLike<string>);
  /** Which transports to try, in this order; by default `websocket`, `stream`, `sse`, `xhr`, `jsonp`. */
  transports?: readonly TransportName[];
  /** How many milliseconds a transport has to open before it is given up: 12,000, which is a little more than a target has. */
  timeout?: number;
}

/** A transport that is not used for a socket, or not any more. */
export interface GaveUp {
  transport: TransportName;
  /**
   * `missing`: this browser has it not. `refused`: it failed. `hung`: it was not open in time, or not before another one
   * was. `killed`: it was cut within seconds of opening, before anything had come. `buffered`: something on the way holds
   * back what it should bring. Each of these but the first may be remembered of a socket before, and then it was not tried.
   *
   * Else it is the word with which the router refused the socket, such as `target_refused` or `origin_denied`; then no other
   * transport through a relay is tried.
   */
  why: string;
}

export interface Info {
  /** The transport in use, or the last that was; `null` while there is none. */
  transport: TransportName | null;
  /**
   * Those given up for it, in the order in which they were. A stream that was given up in mid-socket, as `buffered` or
   * `refused`, is tried again now and then, and leaves the list when it works.
   */
  gaveUp: GaveUp[];
  /** Why the socket failed, in a sentence for a person; empty while it did not. */
  error: string;
}

/** What `on('transport', …)` tells. */
export interface TransportEvent extends Info {
  socket: WebSocket;
}
