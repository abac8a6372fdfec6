/** What a socket carries, numbered: the client's side of wire.Frame in internal/wire. */

/** What a frame is, as the parameter `t` of a send says it: text, binary, or the close that comes last. */
export type Kind = 't' | 'b' | 'c';

/**
 * A frame has one number of its direction: downwards it is a whole message, upwards a message or a part of one, and in both
 * directions the close.
 */
export interface Frame {
  kind: Kind;
  /**
   * Of text a well-formed string (see wellFormed in text.ts); of binary the bytes, or in an engine without typed arrays a string of
   * one character a byte; of a close the reason, well-formed, empty for none.
   */
  data: string | Uint8Array;
  /** The message goes on in the next frame: a part on its way up. */
  more?: boolean;
  /** Of a close, its code; 1005 or nothing stands for none given, and 1006 for a connection that broke. */
  code?: number;
  /** Of a close that a relay has sent: whether the closing handshake was completed. */
  wasClean?: boolean;
}
