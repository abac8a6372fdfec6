/** The messages of `/j`, `/e` and `/m` (docs/protocol.md §1.4, down.seq, §3.3 and §3.4), made into frames. */

import { decode, decodeToString } from './base64.js';
import type { Frame } from './frame.js';

/** What an answer of `/j` with `a` holds. */
export type Answer = Run;

/** Messages that follow one another. */
export interface Run {
  /** The number of the first frame; the others follow it without a gap. Where there are none, that of the next to come. */
  seq: number;
  frames: Frame[];
}

/** What `/m` has of one socket: messages, or why there are none. */
export interface Entry extends Run {
  socket: string;
  /** `no_socket`, or that it is `superseded`, where that is so; and then there are no messages. */
  code?: string;
}

/** JSON of which nothing is known. */
interface Unknown {
  [name: string]: unknown;
}

/**
 * Reads the JSON value of an answer, leaving out heartbeats. Nothing else is left out: an answer that is not what the protocol
 * says, such as a proxy's page, or that holds a message of an unknown type, is an Error that names what is wrong, and none of it
 * is used. Else its messages would be acknowledged, and lost.
 */
export function read(body: unknown): Answer {
  return readRun(okay(body));
}

/** Reads the JSON value of an answer of `/m`. It has the same Errors as read. */
export function readMany(body: unknown): Entry[] {
  const sockets = okay(body).sockets;
  if (!isArray(sockets)) {
    throw new Error('the answer\'s "sockets" are no list but ' + describe(sockets));
  }
  const entries: Entry[] = [];
  for (let i = 0; i < sockets.length; i++) {
    entries.push(readEntry(sockets[i]));
  }
  return entries;
}

/** Reads the JSON value of what `/m` has of one socket, as in its answer or on a line of its stream. */
export function readEntry(value: unknown): Entry {
  if (!isObject(value)) {
    throw new Error('what stands for a socket is no JSON object but ' + describe(value));
  }
  const socket = stringOf(value, 'socket');
  if (value.code !== undefined) {
    return { socket: socket, seq: 0, frames: [], code: stringOf(value, 'code') };
  }
  const run = readRun(value);
  return { socket: socket, seq: run.seq, frames: run.frames };
}

/** An answer that says that all is well. */
function okay(body: unknown): Unknown {
  if (!isObject(body)) {
    throw new Error('the answer is no JSON object but ' + describe(body));
  }
  if (body.ok !== true) {
    throw new Error('the answer has no "ok":true' + (typeof body.error === 'string' ? ': ' + body.error : ''));
  }
  return body;
}

function readRun(body: Unknown): Run {
  const seq = body.seq;
  if (!isWhole(seq, 1, 0x1fffffffffffff)) {
    throw new Error('the answer\'s "seq" is no number of a message but ' + describe(seq));
  }
  const messages = body.messages;
  if (!isArray(messages)) {
    throw new Error('the answer\'s "messages" are no list but ' + describe(messages));
  }
  const frames: Frame[] = [];
  for (let i = 0; i < messages.length; i++) {
    let frame;
    try {
      frame = readMessage(messages[i]);
    } catch (error) {
      throw new Error('message ' + (i + 1) + ' of ' + messages.length + ' in the answer: ' + (error as Error).message);
    }
    if (frame) {
      if (frames.length > 0 && frames[frames.length - 1].kind === 'c') {
        throw new Error('message ' + (i + 1) + ' of ' + messages.length + ' in the answer follows the close');
      }
      frames.push(frame);
    }
  }
  return { seq: seq, frames: frames };
}

/** The frame of a message, and null of a heartbeat. It has the same Errors as read. */
export function readMessage(message: unknown): Frame | null {
  if (!isObject(message)) {
    throw new Error('no JSON object but ' + describe(message));
  }
  switch (message.type) {
    case 'heartbeat':
      return null;
    case 'text':
      return { kind: 't', data: stringOf(message, 'data') };
    case 'binary':
      return { kind: 'b', data: bytesOf(stringOf(message, 'data')) };
    case 'close':
      if (!isWhole(message.code, 0, 0xffff)) {
        throw new Error('its "code" is no close code but ' + describe(message.code));
      }
      if (typeof message.wasClean !== 'boolean') {
        throw new Error('its "wasClean" is no boolean but ' + describe(message.wasClean));
      }
      return { kind: 'c', data: stringOf(message, 'reason'), code: message.code, wasClean: message.wasClean };
  }
  throw new Error('its "type" is none that is known but ' + describe(message.type));
}

function bytesOf(base64: string): string | Uint8Array {
  return typeof Uint8Array === 'undefined' ? decodeToString(base64) : decode(base64);
}

function stringOf(message: Unknown, name: string): string {
  const value = message[name];
  if (typeof value !== 'string') {
    throw new Error('its "' + name + '" is no string but ' + describe(value));
  }
  return value;
}

function isObject(value: unknown): value is Unknown {
  return typeof value === 'object' && value !== null && !isArray(value);
}

function isArray(value: unknown): value is unknown[] {
  return Object.prototype.toString.call(value) === '[object Array]';
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && value >= min && value <= max && value % 1 === 0;
}

/** Says what a value is, for an error: how a text begins, the number, else what it is at all. */
function describe(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 60 ? value.substring(0, 60) + '...' : value);
  }
  if (typeof value === 'number' || typeof value === 'boolean' || !value) {
    return String(value);
  }
  return isArray(value) ? 'a list' : 'an object';
}
