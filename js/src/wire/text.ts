/**
 * Text and UTF-8. A string of JavaScript is a sequence of UTF-16 code units, and may hold halves of surrogate pairs that stand
 * alone. No UTF-8 stands for those, so all functions here take them for U+FFFD, as browsers do.
 */

/** A string's method of ES2024, where there is one. */
interface WellFormed {
  toWellFormed?(): string;
}

/** The halves of surrogate pairs: first of all those that stand together, so that what else matches stands alone. */
const surrogates = /[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g;

/**
 * The string with U+FFFD for each surrogate that stands alone: the conversion to USVString of Web IDL, which the standard's
 * send() and close() begin with (https://webidl.spec.whatwg.org/#es-USVString).
 */
export function wellFormed(s: string): string {
  const text: WellFormed = Object(s);
  if (typeof text.toWellFormed === 'function') {
    return text.toWellFormed();
  }
  return s.replace(surrogates, (found) => (found.length === 2 ? found : '\ufffd'));
}

/** How many bytes the string has in UTF-8. It allocates nothing. */
export function utf8Length(s: string): number {
  let length = s.length;
  for (let i = 0; i < s.length; i++) {
    const unit = s.charCodeAt(i);
    if (unit > 0x7f) {
      length += unit > 0x7ff ? 2 : 1;
      if (isPair(s, i)) {
        i++; // two units are four bytes
      }
    }
  }
  return length;
}

/** The string in UTF-8. It needs typed arrays. */
export function utf8(s: string): Uint8Array<ArrayBuffer> {
  if (typeof TextEncoder !== 'undefined') {
    return new TextEncoder().encode(s);
  }
  const bytes = new Uint8Array(utf8Length(s));
  putByHand(s, bytes, 0);
  return bytes;
}

/**
 * Writes the string in UTF-8 into bytes, from the index at on, and tells the index behind it. The room must be there: see
 * utf8Length.
 */
export function putUTF8(s: string, bytes: Uint8Array, at: number): number {
  const encoder = typeof TextEncoder !== 'undefined' && new TextEncoder();
  if (encoder && typeof encoder.encodeInto === 'function') {
    return at + encoder.encodeInto(s, bytes.subarray(at)).written;
  }
  return putByHand(s, bytes, at);
}

/** What putUTF8 is in engines without TextEncoder.encodeInto: RFC 3629 §3. */
function putByHand(s: string, bytes: Uint8Array, at: number): number {
  for (let i = 0; i < s.length; i++) {
    let point = s.charCodeAt(i);
    if (point < 0x80) {
      bytes[at++] = point;
      continue;
    }
    if (point < 0x800) {
      bytes[at++] = 0xc0 | (point >> 6);
    } else {
      if (isPair(s, i)) {
        point = 0x10000 + ((point & 0x3ff) << 10) + (s.charCodeAt(++i) & 0x3ff);
        bytes[at++] = 0xf0 | (point >> 18);
        bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
      } else {
        if ((point & 0xf800) === 0xd800) {
          point = 0xfffd;
        }
        bytes[at++] = 0xe0 | (point >> 12);
      }
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
    }
    bytes[at++] = 0x80 | (point & 0x3f);
  }
  return at;
}

/** Whether a surrogate pair begins at the index i. */
function isPair(s: string, i: number): boolean {
  return (s.charCodeAt(i) & 0xfc00) === 0xd800 && (s.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
}

/** How many bytes are made a string at a time: some engines take no more arguments of a function than 65,535. */
const piece = 8192;

/** The text that the bytes are in UTF-8, whole. What is no UTF-8 is an Error. It needs typed arrays. */
export function fromUTF8(bytes: Uint8Array): string {
  try {
    if (typeof TextDecoder !== 'undefined')
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    let chars = '';
    for (let i = 0; i < bytes.length; i += piece) {
      chars += String.fromCharCode.apply(null, bytes.subarray(i, i + piece) as any);
    }
    return decodeURIComponent(escape(chars)); // which takes the same that RFC 3629 does
  } catch {
    throw new Error('text that is not UTF-8');
  }
}
