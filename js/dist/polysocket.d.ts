/*! polysocket 0.1.0 | MIT license | made from js/src by js/build.mjs */
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

/** The version of this client, as package.json has it. */
export declare const version = "0.1.0";

/**
 * Makes a class that is used as the browser's own WebSocket is, and reaches its targets by the first of the transports that
 * can. A TypeError says which option is wrong.
 */
export declare function create(options?: Options): typeof WebSocket;
/** Puts such a class over globalThis.WebSocket, for a page that need not know. What it returns undoes it. */
export declare function install(options?: Options): () => void;
/** Tells which transport a socket uses, which were given up before, and why it failed, where it did. */
export declare function info(socket: WebSocket): Info;
/**
 * Calls the listener whenever a socket of any class has another transport, or has given one up. What it returns takes the
 * listener off again.
 */
export declare function on(type: 'transport', listener: (event: TransportEvent) => void): () => void;

export as namespace polysocket;
