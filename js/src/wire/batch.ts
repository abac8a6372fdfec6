/** The body of a send with `t=f` (send.frames in docs/protocol.md): many messages in one request. It needs typed arrays. */

import type { Frame } from './frame.js';
import { putUTF8, utf8Length } from './text.js';

/** The first byte of a frame that is a whole message, RFC 6455 §5.2: FIN, and the opcode. */
const first = { t: 0x81, b: 0x82, c: 0x88 };

/**
 * A run of whole RFC 6455 messages, one frame each, not masked. The relay takes nothing of a run with a fault, so there is an
 * Error instead: for a part of a message, for what follows a close, and for a close with a code or a reason that a client may
 * not send.
 */
export function batch(frames: Frame[]): ArrayBuffer {
  const payloads: number[] = []; // their lengths: counting text takes time
  let length = 0;
  for (let i = 0; i < frames.length; i++) {
    if (i > 0 && frames[i - 1].kind === 'c') {
      throw new Error('a frame follows the close: nothing may');
    }
    payloads.push(payloadLength(frames[i]));
    length += headerLength(payloads[i]) + payloads[i];
  }
  const body = new ArrayBuffer(length);
  const bytes = new Uint8Array(body);
  let at = 0;
  for (let i = 0; i < frames.length; i++) {
    bytes[at] = first[frames[i].kind];
    at = putPayload(frames[i], bytes, putLength(payloads[i], bytes, at + 1));
  }
  return body;
}

/** How many bytes the frame takes in a batch, its header included. It has the same Errors as batch, but for the order. */
export function frameLength(frame: Frame): number {
  const payload = payloadLength(frame);
  return headerLength(payload) + payload;
}

function headerLength(payload: number): number {
  return payload < 126 ? 2 : payload < 0x10000 ? 4 : 10;
}

function payloadLength(frame: Frame): number {
  if (frame.more) {
    throw new Error('a part of a message is no frame of a batch: send it by itself, with m=1');
  }
  const data = frame.data;
  const length = typeof data === 'string' && frame.kind !== 'b' ? utf8Length(data) : data.length;
  if (frame.kind !== 'c') {
    return length;
  }
  checkClose(codeOf(frame), length);
  return hasCode(frame) ? length + 2 : 0;
}

/** The payload's length as it follows the first byte, in its shortest form; no mask. It tells the index behind it. */
function putLength(length: number, bytes: Uint8Array, at: number): number {
  const extended = headerLength(length) - 2; // bytes
  bytes[at] = extended === 0 ? length : extended === 2 ? 126 : 127;
  for (let i = extended; i > 0; i--) {
    bytes[at + i] = length % 256;
    length = Math.floor(length / 256); // and not >>, which has 32 bits
  }
  return at + 1 + extended;
}

function putPayload(frame: Frame, bytes: Uint8Array, at: number): number {
  const data = frame.data;
  if (frame.kind === 'c' && hasCode(frame)) {
    bytes[at++] = codeOf(frame) >> 8;
    bytes[at++] = codeOf(frame) & 255;
  }
  if (typeof data !== 'string') {
    bytes.set(data, at);
    return at + data.length;
  }
  if (frame.kind !== 'b') {
    return putUTF8(data, bytes, at);
  }
  for (let i = 0; i < data.length; i++) {
    bytes[at++] = data.charCodeAt(i);
  }
  return at;
}

/** The code of a close, and 1005 where it has none, RFC 6455 §7.1.5. */
function codeOf(frame: Frame): number {
  return frame.code === undefined ? 1005 : frame.code;
}

/** Whether a close says its code: 1005 is never in a frame. */
function hasCode(frame: Frame): boolean {
  return codeOf(frame) !== 1005;
}

/** Holds a close to up.close-code of docs/protocol.md; reason is its length in bytes. */
function checkClose(code: number, reason: number): void {
  if (code === 1005 && reason > 0) {
    throw new Error('a close reason needs a code');
  }
  if (code !== 1000 && code !== 1001 && code !== 1005 && !(code >= 3000 && code <= 4999 && code % 1 === 0)) {
    throw new Error('close code ' + code + ' is not allowed: use 1000, 1001 or 3000 to 4999');
  }
  if (reason > 123) {
    throw new Error('the close reason has ' + reason + ' bytes, and at most 123 are allowed');
  }
}
