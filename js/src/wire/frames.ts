/** The response of `/x` (docs/protocol.md §3.2), made into frames as it comes. It needs typed arrays. */

import type { Frame } from './frame.js';
import { join } from './join.js';
import { fromUTF8 } from './text.js';

/** The opcodes of RFC 6455 §5.2 that a relay sends, and what they stand for. */
const kinds: { [opcode: number]: 't' | 'b' | 'c' | 'ping' } = { 1: 't', 2: 'b', 8: 'c', 9: 'ping' };

/** The most that the payload of a control frame has, in bytes. */
const control = 125;

/** No message has so many bytes: who says so is no relay. */
const beyond = 0x1fffffffffffff;

/**
 * Frames puts together unmasked RFC 6455 frames of bytes that were cut anywhere. After an Error it is of no use: what is
 * behind a fault cannot be told from it.
 */
export class Frames {
  private chunks: Uint8Array[] = [];
  private held = 0;
  /** How many bytes there have to be before it is worth another look. */
  private need = 2;
  private closed = false;

  /** Takes bytes, and gives the messages that they make whole, and the close. An Error names what is wrong with them. */
  push(bytes: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    if (bytes.length) this.chunks.push(bytes);
    this.held += bytes.length;
    if (this.held < this.need) return frames;
    const all = join(this.chunks);
    let at = 0;
    for (;;) {
      const rest = all.length - at;
      this.need = this.frameLength(all, at, rest);
      if (rest < this.need) break;
      const frame = this.frame(all.subarray(at, at + this.need));
      if (frame) frames.push(frame);
      at += this.need;
    }
    this.held = all.length - at;
    this.chunks = this.held ? [all.subarray(at)] : [];
    return frames;
  }

  /** Whether nothing is held that is not whole. */
  empty(): boolean {
    return !this.held;
  }

  /** How long the frame at an index is; where that cannot be said yet, how many bytes it takes to say more. */
  private frameLength(all: Uint8Array, at: number, rest: number): number {
    if (rest && this.closed) throw new Error('something follows the Close frame');
    if (rest < 2) return 2;
    const first = all[at];
    const kind = kinds[first & 15];
    if (first >> 4 !== 8 || !kind) {
      throw new Error('a frame that begins with 0x' + first.toString(16) + ' is no whole message, ping or close');
    }
    const length = all[at + 1];
    if (length > 127) throw new Error('a frame is masked');
    if (kind !== 't' && kind !== 'b' && length > control) {
      throw new Error('a control frame is longer than 125 bytes');
    }
    if (length < 126) return 2 + length;
    const extended = length === 126 ? 2 : 8;
    if (rest < 2 + extended) return 2 + extended;
    let bytes = 0;
    for (let i = 0; i < extended; i++) bytes = bytes * 256 + all[at + 2 + i]; // and not <<, which has 32 bits
    if (bytes < (extended === 2 ? 126 : 0x10000)) throw new Error('a length is not in its shortest form');
    if (bytes > beyond) throw new Error('a frame is said to have more bytes than there can be');
    return 2 + extended + bytes;
  }

  /** What a whole frame stands for; null for a ping. */
  private frame(bytes: Uint8Array): Frame | null {
    const kind = kinds[bytes[0] & 15];
    if (kind === 'ping') return null;
    const payload = bytes.subarray(bytes[1] < 126 ? 2 : bytes[1] === 126 ? 4 : 10);
    if (kind === 't') return { kind: kind, data: fromUTF8(payload) };
    // Not a view: what is beside it in its buffer would be kept, too.
    if (kind === 'b') return { kind: kind, data: new Uint8Array(payload) };
    this.closed = true;
    if (payload.length === 1) throw new Error('a Close frame has one byte, which is no code');
    const code = payload.length ? payload[0] * 256 + payload[1] : 1005;
    return { kind: 'c', data: fromUTF8(payload.subarray(2)), code: code, wasClean: code !== 1006 };
  }
}
