/** What the class and its sockets look like. */
export default [
  {
    name: 'the class',
    run: async ({ WebSocket, attempt }) => {
      attempt('name', () => WebSocket.name);
      attempt('length', () => WebSocket.length);
      attempt('typeof', () => typeof WebSocket);
      attempt('keys', () => Object.keys(WebSocket).join());
      attempt('keys of prototype', () => Object.keys(WebSocket.prototype).sort().join());
      attempt('prototype', () => Object.getPrototypeOf(WebSocket) === EventTarget);
      attempt('prototype of prototype', () => Object.getPrototypeOf(WebSocket.prototype) === EventTarget.prototype);
      attempt('constructor', () => WebSocket.prototype.constructor === WebSocket);
      attempt('prototype in writing', () => String(WebSocket.prototype));
      attempt('length of send', () => WebSocket.prototype.send.length);
      attempt('length of close', () => WebSocket.prototype.close.length);
      for (const name of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']) {
        for (const [where, holder] of Object.entries({ class: WebSocket, prototype: WebSocket.prototype })) {
          attempt(`${name} of the ${where}`, () =>
            Object.entries(Object.getOwnPropertyDescriptor(holder, name)).join(' '),
          );
        }
      }
      attempt('prototype, described', () =>
        Object.entries(Object.getOwnPropertyDescriptor(WebSocket, 'prototype')).slice(1).join(' '),
      );
    },
    trace: [
      'name gives "WebSocket"',
      'length gives 1',
      'typeof gives "function"',
      'keys gives "CONNECTING,OPEN,CLOSING,CLOSED"',
      'keys of prototype gives "CLOSED,CLOSING,CONNECTING,OPEN,binaryType,bufferedAmount,close,extensions,onclose,onerror,onmessage,onopen,protocol,readyState,send,url"',
      'prototype gives true',
      'prototype of prototype gives true',
      'constructor gives true',
      'prototype in writing gives "[object WebSocket]"',
      'length of send gives 1',
      'length of close gives 0',
      'CONNECTING of the class gives "value,0 writable,false enumerable,true configurable,false"',
      'CONNECTING of the prototype gives "value,0 writable,false enumerable,true configurable,false"',
      'OPEN of the class gives "value,1 writable,false enumerable,true configurable,false"',
      'OPEN of the prototype gives "value,1 writable,false enumerable,true configurable,false"',
      'CLOSING of the class gives "value,2 writable,false enumerable,true configurable,false"',
      'CLOSING of the prototype gives "value,2 writable,false enumerable,true configurable,false"',
      'CLOSED of the class gives "value,3 writable,false enumerable,true configurable,false"',
      'CLOSED of the prototype gives "value,3 writable,false enumerable,true configurable,false"',
      'prototype, described gives "writable,false enumerable,false configurable,false"',
    ],
  },
  {
    name: 'a socket',
    run: async ({ WebSocket, opened, finish, attempt }) => {
      const socket = await opened();
      attempt('String', () => String(socket));
      attempt('toStringTag', () => socket[Symbol.toStringTag]);
      attempt('instanceof WebSocket', () => socket instanceof WebSocket);
      attempt('instanceof EventTarget', () => socket instanceof EventTarget);
      attempt('constructor', () => socket.constructor === WebSocket);
      attempt('its own keys', () => Object.keys(socket).join());
      attempt('constants', () => [socket.CONNECTING, socket.OPEN, socket.CLOSING, socket.CLOSED].join());
      attempt('for in', () => {
        const names = [];
        for (const name in socket)
          if (name in WebSocket.prototype && !(name in EventTarget.prototype)) names.push(name);
        return names.sort().join();
      });
      attempt('handlers', () => [socket.onopen, socket.onmessage, socket.onerror, socket.onclose].join());
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'String gives "[object WebSocket]"',
      'toStringTag gives "WebSocket"',
      'instanceof WebSocket gives true',
      'instanceof EventTarget gives true',
      'constructor gives true',
      'its own keys gives ""',
      'constants gives "0,1,2,3"',
      'for in gives "CLOSED,CLOSING,CONNECTING,OPEN,binaryType,bufferedAmount,close,extensions,onclose,onerror,onmessage,onopen,protocol,readyState,send,url"',
      'handlers gives ",,,"',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'what cannot be written',
    run: async ({ WebSocket, opened, finish, attempt }) => {
      const socket = await opened();
      for (const name of [
        'readyState',
        'url',
        'protocol',
        'extensions',
        'bufferedAmount',
        'CONNECTING',
        'OPEN',
        'CLOSING',
        'CLOSED',
      ]) {
        attempt(`${name} = 7`, () => {
          'use strict';
          socket[name] = 7;
        });
        attempt(name, () => (name === 'url' ? typeof socket.url : socket[name]));
      }
      attempt('WebSocket.OPEN = 7', () => {
        'use strict';
        WebSocket.OPEN = 7;
      });
      socket.mine = 'mine';
      attempt('mine', () => socket.mine);
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'readyState = 7 throws TypeError',
      'readyState gives 1',
      'url = 7 throws TypeError',
      'url gives "string"',
      'protocol = 7 throws TypeError',
      'protocol gives ""',
      'extensions = 7 throws TypeError',
      'extensions gives ""',
      'bufferedAmount = 7 throws TypeError',
      'bufferedAmount gives 0',
      'CONNECTING = 7 throws TypeError',
      'CONNECTING gives 0',
      'OPEN = 7 throws TypeError',
      'OPEN gives 1',
      'CLOSING = 7 throws TypeError',
      'CLOSING gives 2',
      'CLOSED = 7 throws TypeError',
      'CLOSED gives 3',
      'WebSocket.OPEN = 7 throws TypeError',
      'mine gives "mine"',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'members want a socket',
    run: async ({ WebSocket, attempt }) => {
      const { prototype } = WebSocket;
      for (const name of ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol', 'binaryType', 'onopen']) {
        attempt(`prototype.${name}`, () => prototype[name]);
        attempt(`${name} of {}`, () => Object.getOwnPropertyDescriptor(prototype, name).get.call({}));
      }
      attempt('send of {}', () => prototype.send.call({}, 'x'));
      attempt('close of {}', () => prototype.close.call({}));
    },
    trace: [
      'prototype.url throws TypeError',
      'url of {} throws TypeError',
      'prototype.readyState throws TypeError',
      'readyState of {} throws TypeError',
      'prototype.bufferedAmount throws TypeError',
      'bufferedAmount of {} throws TypeError',
      'prototype.extensions throws TypeError',
      'extensions of {} throws TypeError',
      'prototype.protocol throws TypeError',
      'protocol of {} throws TypeError',
      'prototype.binaryType throws TypeError',
      'binaryType of {} throws TypeError',
      'prototype.onopen throws TypeError',
      'onopen of {} throws TypeError',
      'send of {} throws TypeError',
      'close of {} throws TypeError',
    ],
  },
];
