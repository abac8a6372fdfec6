/**
 * Base64, RFC 4648 §4 and §5. Where an engine has Uint8Array.fromBase64 and toBase64, these do the work. Where it has not, it is
 * done by hand: that is as fast as atob and btoa, which want a second string of all bytes.
 */

/** What newer engines have: https://tc39.es/proposal-arraybuffer-base64/spec/. */
interface Decoder {
  fromBase64?(s: string, options: { alphabet: string }): Uint8Array<ArrayBuffer>;
}
interface Encoder {
  toBase64?(options: { alphabet: string; omitPadding: boolean }): string;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The code of the character of each value, in the URL alphabet. */
const codes: number[] = [];

/** The value of each ASCII character in either alphabet, -1 where it is in none. */
const values: number[] = [];

for (let code = 0; code < 128; code++) {
  const letter = String.fromCharCode(code);
  values.push(letter === '+' ? 62 : letter === '/' ? 63 : alphabet.indexOf(letter));
}
for (let value = 0; value < 64; value++) {
  codes.push(alphabet.charCodeAt(value));
}

/**
 * How many bytes, and how many characters of base64 for them, are worked on at a time where a string is made: some engines take
 * no more arguments of a function than 65,535.
 */
const pieceBytes = 6144;
const pieceChars = 8192;

/** Base64 of the bytes in the URL alphabet and without padding, so that it may stand in a URL as it is. */
export function encode(bytes: Uint8Array): string {
  const encoder = bytes as Encoder;
  if (typeof encoder.toBase64 === 'function') {
    return encoder.toBase64({ alphabet: 'base64url', omitPadding: true });
  }
  let s = '';
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    s += String.fromCharCode.apply(null, encodePiece(bytes, from, Math.min(from + pieceBytes, bytes.length)));
  }
  return s;
}

/** The codes of the characters for the bytes up to the index to. */
function encodePiece(bytes: Uint8Array, from: number, to: number): number[] {
  const chars: number[] = [];
  let i = from;
  for (; i + 3 <= to; i += 3) {
    const bits = (bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2];
    chars.push(codes[bits >> 18], codes[(bits >> 12) & 63], codes[(bits >> 6) & 63], codes[bits & 63]);
  }
  if (to - i === 1) {
    chars.push(codes[bytes[i] >> 2], codes[(bytes[i] & 3) << 4]);
  } else if (to - i === 2) {
    const bits = (bytes[i] << 8) | bytes[i + 1];
    chars.push(codes[bits >> 10], codes[(bits >> 4) & 63], codes[(bits & 15) << 2]);
  }
  return chars;
}

/**
 * The bytes that base64 stands for, in the standard or the URL alphabet, padded or not. What the relay would not take is an Error
 * here, too: characters of no alphabet or of both, space, wrong padding, a length that no bytes have. It needs typed arrays.
 */
export function decode(s: string): Uint8Array<ArrayBuffer> {
  const bare = unpadded(s);
  const decoder = Uint8Array as Decoder;
  if (typeof decoder.fromBase64 !== 'function') {
    const bytes = new Uint8Array(decodedLength(bare));
    decodePiece(bare, 0, bare.length, bytes);
    return bytes;
  }
  let bytes;
  try {
    bytes = decoder.fromBase64(bare, { alphabet: isURL(bare) ? 'base64url' : 'base64' });
  } catch {
    throw strange();
  }
  return whole(bytes, bare);
}

/** What decode is in engines without typed arrays: it gives a string of one character a byte. */
export function decodeToString(s: string): string {
  const bare = unpadded(s);
  if (typeof atob === 'undefined') {
    let chars = '';
    for (let from = 0; from < bare.length; from += pieceChars) {
      const bytes: number[] = [];
      decodePiece(bare, from, Math.min(from + pieceChars, bare.length), bytes);
      chars += String.fromCharCode.apply(null, bytes);
    }
    return chars;
  }
  let chars;
  try {
    chars = atob(bare.replace(/-/g, '+').replace(/_/g, '/') + '=='.substring(0, -bare.length & 3));
  } catch {
    throw strange();
  }
  return whole(chars, bare);
}

/** Puts what the characters up to the index to stand for into bytes, from 0 on. They begin with a whole group of four. */
function decodePiece(bare: string, from: number, to: number, bytes: Uint8Array | number[]): void {
  let units = 0; // all of them together: over 127 where one is not ASCII
  let faults = 0; // negative where a character is in no alphabet
  let at = 0;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const a = bare.charCodeAt(i);
    const b = bare.charCodeAt(i + 1);
    const c = bare.charCodeAt(i + 2);
    const d = bare.charCodeAt(i + 3);
    const bits = (values[a] << 18) | (values[b] << 12) | (values[c] << 6) | values[d];
    units |= a | b | c | d;
    faults |= bits;
    bytes[at++] = (bits >> 16) & 255;
    bytes[at++] = (bits >> 8) & 255;
    bytes[at++] = bits & 255;
  }
  if (i < to) {
    const a = bare.charCodeAt(i);
    const b = bare.charCodeAt(i + 1);
    const c = i + 2 < to ? bare.charCodeAt(i + 2) : codes[0];
    const bits = (values[a] << 10) | (values[b] << 4) | (values[c] >> 2);
    units |= a | b | c;
    faults |= bits;
    bytes[at++] = (bits >> 8) & 255;
    if (i + 2 < to) {
      bytes[at++] = bits & 255;
    }
  }
  if (units > 127 || faults < 0) {
    throw strange();
  }
}

/** The base64 without its padding, once that, the length and the alphabet are known to be right. */
function unpadded(s: string): string {
  let length = s.length;
  while (length > 0 && s.charAt(length - 1) === '=') {
    length--;
  }
  const padding = s.length - length;
  if (padding > 2 || (padding > 0 && s.length % 4 !== 0)) {
    throw new Error('base64 with the wrong padding');
  }
  if (length % 4 === 1) {
    throw new Error('base64 that is cut off: no bytes have ' + length + ' characters');
  }
  const bare = s.substring(0, length);
  if (isURL(bare) && (bare.indexOf('+') >= 0 || bare.indexOf('/') >= 0)) {
    throw new Error('base64 in two alphabets at once');
  }
  return bare;
}

function isURL(bare: string): boolean {
  return bare.indexOf('-') >= 0 || bare.indexOf('_') >= 0;
}

function decodedLength(bare: string): number {
  return Math.floor((bare.length / 4) * 3);
}

/**
 * Takes what the engine itself has decoded. It skips spaces and line breaks, so there are fewer bytes then than so many characters
 * stand for. Only one character behind whole groups of four would make no difference, and that length is refused before.
 */
function whole<T extends { length: number }>(decoded: T, bare: string): T {
  if (decoded.length !== decodedLength(bare)) {
    throw strange();
  }
  return decoded;
}

function strange(): Error {
  return new Error('not base64: it holds a character of no alphabet');
}
