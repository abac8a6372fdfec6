/** What may be a handler, and what becomes of one that throws. */
export default [
  {
    name: 'what on* attributes take',
    run: async ({ opened, finish, attempt }) => {
      const socket = await opened();
      const f = () => {};
      for (const type of ['onopen', 'onmessage', 'onerror', 'onclose']) {
        attempt(`${type} = f`, () => ((socket[type] = f), socket[type] === f));
        const object = { handleEvent() {} };
        attempt(`${type} = an object`, () => ((socket[type] = object), socket[type] === object));
        for (const none of [5, 'f', undefined, Symbol('s'), null]) {
          socket[type] = f;
          attempt(`${type} = ${String(none)}`, () => ((socket[type] = none), socket[type]));
        }
      }
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'onopen = f gives true',
      'onopen = an object gives true',
      'onopen = 5 gives null',
      'onopen = f gives null',
      'onopen = undefined gives null',
      'onopen = Symbol(s) gives null',
      'onopen = null gives null',
      'onmessage = f gives true',
      'onmessage = an object gives true',
      'onmessage = 5 gives null',
      'onmessage = f gives null',
      'onmessage = undefined gives null',
      'onmessage = Symbol(s) gives null',
      'onmessage = null gives null',
      'onerror = f gives true',
      'onerror = an object gives true',
      'onerror = 5 gives null',
      'onerror = f gives null',
      'onerror = undefined gives null',
      'onerror = Symbol(s) gives null',
      'onerror = null gives null',
      'onclose = f gives true',
      'onclose = an object gives true',
      'onclose = 5 gives null',
      'onclose = f gives null',
      'onclose = undefined gives null',
      'onclose = Symbol(s) gives null',
      'onclose = null gives null',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'this, handleEvent and what is returned',
    run: async ({ opened, next, say, finish }) => {
      const socket = await opened();
      socket.onmessage = function (event) {
        say(`onmessage: this ${this === socket}, arguments ${arguments.length}, event ${event === arguments[0]}`);
        return false;
      };
      const object = {
        handleEvent(event) {
          say(`handleEvent: this ${this === object}, prevented ${event.defaultPrevented}`);
        },
      };
      socket.addEventListener('message', object);
      socket.addEventListener('message', function () {
        say(`listener: this ${this === socket}`);
      });
      socket.send('x');
      await next(socket, 'message');
      object.handleEvent = () => say('another handleEvent');
      socket.send('y');
      await next(socket, 'message');
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message "x"',
      'onmessage: this true, arguments 1, event true',
      'handleEvent: this true, prevented false',
      'listener: this true',
      'OPEN message "y"',
      'onmessage: this true, arguments 1, event true',
      'another handleEvent',
      'listener: this true',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'a handler that throws does not stop the others',
    run: async ({ opened, next, echo, say, finish }) => {
      const socket = await opened();
      socket.onmessage = ({ data }) => {
        throw new Error(`from onmessage ${data}`);
      };
      socket.addEventListener('message', () => say('a listener'));
      socket.addEventListener('message', () => {
        throw new TypeError('from a listener');
      });
      socket.addEventListener('message', () => say('the last listener'));
      await echo(socket, '1', '2');
      socket.onclose = () => {
        throw new Error('from onclose');
      };
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message "1"',
      'window error Uncaught Error: from onmessage 1',
      'a listener',
      'window error Uncaught TypeError: from a listener',
      'the last listener',
      'OPEN message "2"',
      'window error Uncaught Error: from onmessage 2',
      'a listener',
      'window error Uncaught TypeError: from a listener',
      'the last listener',
      'CLOSED close 1000 "" clean',
      'window error Uncaught Error: from onclose',
    ],
  },
];
