import type { Frame } from './wire/frame.js';

/** An open connection to a target, whichever way it goes: natively, or through a relay. */
export interface Connection {
  /** Begins to tell what happens. */
  listen(on: ConnectionEvents): void;
  /** Sends a message. What is in a buffer is taken now: the page may change it afterwards. */
  send(data: Data): void;
  /** Closes it behind all that was sent; 1005 stands for no code. */
  close(code: number, reason: string): void;
  /** How many bytes were given to send and have not left. */
  buffered(): number;
}

/** What a page may send, once it has passed WebIDL's conversions. A text is well-formed. */
export type Data = string | ArrayBuffer | ArrayBufferView | Blob;

export interface ConnectionEvents {
  message(frame: Frame): void;
  /** It has ended, and nothing follows. Failed: this side has ended it, for something that was wrong. */
  closed(code: number, reason: string, wasClean: boolean, failed: boolean, error: string): void;
}
