import type { Info } from './api.js';
import type { Config } from './config.js';
import type { Connection, Data } from './connection.js';
import type { Cancel } from './engine/clock.js';
import { scope } from './engine/global.js';
import { queueTask } from './engine/tasks.js';
import { inherit, nativeBase, ownBase } from './events.js';
import { accessors, attribute, fixed, hidden, inheritFrom, named, operation } from './interface.js';
import { open } from './opening.js';
import { parseTarget, type TargetURL } from './url.js';
import { clampedShort, domException, domString, stringOrSequence, usvString } from './webidl.js';
import { utf8Length } from './wire/text.js';
import type { Frame } from './wire/frame.js';

/*
 * The WebSocket interface of the WHATWG WebSockets standard, https://websockets.spec.whatwg.org/#the-websocket-interface.
 * Numbers in comments are those of its steps.
 */

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** What a socket is, beside what it shows. */
interface State {
  url: TargetURL;
  readyState: number;
  protocol: string;
  extensions: string;
  binaryType: string;
  /** Null until it is open. */
  connection: Connection | null;
  cancelOpening: Cancel;
  /** Bytes given to send when it was too late. They never leave. */
  unsent: number;
  handlers: { [type: string]: Handler };
  listeners: any[];
  info: Info;
}

/** An event handler of HTML's (§8.1.8.1): what onmessage and its like hold, and the listener that stands for it. */
interface Handler {
  value: any;
  listener: ((event: any) => void) | null;
}

/** Tells of changes of the transport; index.ts sets it. */
export const watch: { changed: (socket: WebSocket, info: Info) => void } = { changed: function () {} };

// The state of each socket, which is not to be seen on it. Where there is no WeakMap it is in a property that no loop finds.
const states: { get(socket: object): State | undefined; set(socket: object, state: State): void } =
  typeof scope.WeakMap === 'function'
    ? new scope.WeakMap()
    : {
        get: function (socket: any) {
          return socket && socket._polysocket;
        },
        set: function (socket: any, state) {
          if (accessors) Object.defineProperty(socket, '_polysocket', { value: state });
          else socket._polysocket = state;
        },
      };

/** The state of a socket of ours; a TypeError for anything else. */
function stateOf(socket: object): State {
  const state = states.get(socket);
  if (!state) throw new TypeError('Illegal invocation');
  return state;
}

/** What `info` tells of a socket. */
export function infoOf(socket: object): Info {
  const state = states.get(socket);
  if (!state) throw new TypeError('polysocket: info needs a socket that a class of polysocket has made');
  const info = state.info;
  return { transport: info.transport, gaveUp: info.gaveUp.slice(), error: info.error };
}

const base =
  nativeBase() ||
  ownBase(function (socket) {
    return stateOf(socket).listeners;
  });

/** Makes a class of WebSockets that go the way the configuration says. */
export function define(config: Config): typeof WebSocket {
  // new WebSocket(url, protocols). It has one parameter that must be given, so its length is 1.
  const Interface: any = function (this: object, url: unknown): object {
    if (!(this instanceof Interface)) {
      throw new TypeError(
        "Failed to construct 'WebSocket': Please use the 'new' operator, this DOM object constructor cannot be called as a function.",
      );
    }
    if (!arguments.length) {
      throw new TypeError("Failed to construct 'WebSocket': 1 argument required, but only 0 present.");
    }
    // 1 to 6
    let parsed: TargetURL;
    const given = usvString(url);
    const protocols = stringOrSequence(arguments[1]); // 7
    try {
      parsed = parseTarget(given);
    } catch (sentence) {
      throw domException('SyntaxError', "Failed to construct 'WebSocket': " + sentence);
    }
    checkProtocols(protocols); // 8
    const prototype = (Object as any).getPrototypeOf ? Object.getPrototypeOf(this) : Interface.prototype;
    const socket = base.construct(prototype, this) as WebSocket;
    const state: State = {
      url: parsed, // 9
      readyState: CONNECTING,
      protocol: '',
      extensions: '',
      binaryType: 'blob',
      connection: null,
      cancelOpening: function () {},
      unsent: 0,
      handlers: {},
      listeners: [],
      info: { transport: null, gaveUp: [], error: '' },
    };
    states.set(socket, state);
    if (!accessors) mirror(socket, state);
    connect(config, socket, state, protocols); // 10 to 12
    return socket;
  };

  // An engine without Object.create has no base of its own either.
  const prototype: any = inherit(base.prototype);
  fixed(Interface, 'prototype', prototype);
  inheritFrom(Interface, scope.EventTarget);
  hidden(prototype, 'constructor', Interface);
  show('url', function (state) {
    return state.url.href;
  });
  constants(Interface);
  constants(prototype);
  show('readyState', function (state) {
    return state.readyState;
  });
  show('bufferedAmount', bufferedAmount);
  handler(prototype, 'open');
  handler(prototype, 'error');
  handler(prototype, 'close');
  show('extensions', function (state) {
    return state.extensions;
  });
  show('protocol', function (state) {
    return state.protocol;
  });
  operation(prototype, 'close', 0, close);
  handler(prototype, 'message');
  attribute(
    prototype,
    'binaryType',
    'blob',
    function () {
      return stateOf(this).binaryType;
    },
    function (value) {
      const state = stateOf(this);
      const type = domString(value);
      if (type === 'blob' || type === 'arraybuffer') state.binaryType = type;
    },
  );
  operation(prototype, 'send', 1, send);
  named(Interface, 'WebSocket');
  return Interface;

  function show(name: string, get: (state: State) => unknown): void {
    attribute(prototype, name, undefined, function () {
      return get(stateOf(this));
    });
  }
}

function constants(object: object): void {
  fixed(object, 'CONNECTING', CONNECTING, true);
  fixed(object, 'OPEN', OPEN, true);
  fixed(object, 'CLOSING', CLOSING, true);
  fixed(object, 'CLOSED', CLOSED, true);
}

function handler(prototype: object, type: string): void {
  attribute(
    prototype,
    'on' + type,
    null,
    function () {
      const h = stateOf(this).handlers[type];
      return h ? h.value : null;
    },
    function (value) {
      setHandler(this as WebSocket, stateOf(this), type, value);
    },
  );
}

// Step 8: "If any of the values in protocols occur more than once or otherwise fail to match the requirements …".
function checkProtocols(protocols: string[]): void {
  const seen: { [name: string]: boolean } = {};
  for (let i = 0; i < protocols.length; i++) {
    const name = protocols[i];
    let wrong = '';
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) wrong = "The subprotocol '" + name + "' is invalid.";
    else if (seen[' ' + name]) wrong = "The subprotocol '" + name + "' is duplicated.";
    if (wrong) throw domException('SyntaxError', "Failed to construct 'WebSocket': " + wrong);
    seen[' ' + name] = true;
  }
}

// Step 12, "establish a WebSocket connection", and §4, what follows when it is established, or not.
function connect(config: Config, socket: WebSocket, state: State, protocols: string[]): void {
  state.cancelOpening = open(config, state.url.href, protocols, state.info, {
    opened: function (connection, protocol, extensions) {
      state.connection = connection;
      // "When the WebSocket connection is established, queue a task":
      queueTask(function () {
        if (state.readyState === CONNECTING) {
          state.readyState = OPEN; // 1
          state.extensions = extensions; // 2
          state.protocol = protocol; // 3
          fire(socket, state, 'open', {}); // 4
        }
      });
      connection.listen({
        message: function (frame) {
          queueTask(function () {
            receive(socket, state, frame);
          });
        },
        closed: function (code, reason, wasClean, failed, error) {
          queueTask(function () {
            closed(socket, state, code, reason, wasClean, failed, error);
          });
        },
      });
    },
    failed: function (error) {
      queueTask(function () {
        closed(socket, state, 1006, '', false, true, error);
      });
    },
    changed: function () {
      watch.changed(socket, state.info);
    },
  });
}

// "When a WebSocket message has been received".
function receive(socket: WebSocket, state: State, frame: Frame): void {
  if (state.readyState !== OPEN) return; // 1
  let data: unknown = frame.data; // 2
  if (frame.kind === 'b' && typeof frame.data !== 'string') {
    const type = accessors ? state.binaryType : socket.binaryType;
    const buffer = exact(frame.data);
    data = type === 'blob' && typeof scope.Blob === 'function' ? new scope.Blob([buffer]) : buffer;
  }
  fire(socket, state, 'message', { data: data, origin: state.url.origin }); // 3
}

// "When the WebSocket connection is closed".
function closed(
  socket: WebSocket,
  state: State,
  code: number,
  reason: string,
  wasClean: boolean,
  failed: boolean,
  error: string,
): void {
  if (state.readyState === CLOSED) return;
  state.readyState = CLOSED; // 1
  if (error) state.info.error = error;
  if (failed) fire(socket, state, 'error', {}); // 2
  fire(socket, state, 'close', { wasClean: wasClean, code: code, reason: reason }); // 3
}

/** The close() method. */
function close(this: WebSocket): void {
  const state = stateOf(this);
  const code = arguments[0] === undefined ? null : clampedShort(arguments[0]);
  const reason = arguments[1] === undefined ? '' : usvString(arguments[1]);
  // 1
  if (code !== null && code !== 1000 && !(code >= 3000 && code <= 4999)) {
    throw domException(
      'InvalidAccessError',
      "Failed to execute 'close' on 'WebSocket': The close code must be either 1000, or between 3000 and 4999. " +
        code +
        ' is neither.',
    );
  }
  // 2
  if (utf8Length(reason) > 123) {
    throw domException(
      'SyntaxError',
      "Failed to execute 'close' on 'WebSocket': The close reason must not be greater than 123 UTF-8 bytes.",
    );
  }
  // 3
  if (state.readyState === CLOSING || state.readyState === CLOSED) return;
  const socket = this;
  const connection = state.connection;
  const connecting = state.readyState === CONNECTING;
  state.readyState = CLOSING;
  if (!accessors) mirror(socket, state);
  if (connecting) {
    // Not established yet: "fail the WebSocket connection".
    state.cancelOpening();
    if (connection) connection.close(1000, '');
    queueTask(function () {
      closed(socket, state, 1006, '', false, true, 'it was closed before it was open');
    });
  } else {
    connection!.close(code === null ? 1005 : code, code === null ? '' : reason);
  }
}

/** The send() method. */
function send(this: WebSocket, value: unknown): void {
  const state = stateOf(this);
  if (!arguments.length) {
    throw new TypeError("Failed to execute 'send' on 'WebSocket': 1 argument required, but only 0 present.");
  }
  const data = sendable(value);
  // 1
  if (state.readyState === CONNECTING) {
    throw domException('InvalidStateError', "Failed to execute 'send' on 'WebSocket': Still in CONNECTING state.");
  }
  // 2
  if (state.readyState === OPEN) state.connection!.send(data);
  else state.unsent += typeof data === 'string' ? utf8Length(data) : 'size' in data ? data.size : data.byteLength;
  if (!accessors) mirror(this, state);
}

/** (BufferSource or Blob or USVString) */
function sendable(value: any): Data {
  if (typeof value === 'object' && value !== null) {
    if (typeof scope.Blob === 'function' && value instanceof scope.Blob) return value;
    const kind = Object.prototype.toString.call(value);
    if (kind === '[object ArrayBuffer]') return value;
    if (typeof scope.ArrayBuffer === 'function' && scope.ArrayBuffer.isView && scope.ArrayBuffer.isView(value))
      return value;
    if (/^\[object (DataView|(Uint|Int|Float)\d+(Clamped)?Array)\]$/.test(kind)) return value;
  }
  return usvString(value);
}

function bufferedAmount(state: State): number {
  return state.unsent + (state.connection ? state.connection.buffered() : 0);
}

/** The bytes as a buffer that has no others. */
function exact(bytes: Uint8Array): ArrayBuffer {
  const buffer = bytes.buffer as ArrayBuffer;
  if (bytes.length === buffer.byteLength) return buffer;
  return buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}

function fire(socket: WebSocket, state: State, type: string, init: { [name: string]: unknown }): void {
  if (!accessors) {
    mirror(socket, state);
    setHandler(socket, state, type, (socket as any)['on' + type]);
  }
  base.fire(socket, type, init);
}

/** Shows the state where there are no accessors to look it up. */
function mirror(socket: any, state: State): void {
  socket.url = state.url.href;
  socket.readyState = state.readyState;
  socket.bufferedAmount = bufferedAmount(state);
  socket.extensions = state.extensions;
  socket.protocol = state.protocol;
}

/** "Event handler IDL attributes", HTML §8.1.8.1: the listener has its place from when the first handler was set. */
function setHandler(socket: WebSocket, state: State, type: string, value: any): void {
  const h = state.handlers[type] || (state.handlers[type] = { value: null, listener: null });
  h.value = typeof value === 'function' || (typeof value === 'object' && value !== null) ? value : null;
  if (h.value && !h.listener) {
    h.listener = function (event) {
      if (typeof h.value === 'function' && h.value.call(socket, event) === false) event.preventDefault();
    };
    socket.addEventListener(type, h.listener);
  } else if (!h.value && h.listener) {
    socket.removeEventListener(type, h.listener);
    h.listener = null;
  }
}
