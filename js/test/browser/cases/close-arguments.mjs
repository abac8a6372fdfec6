/** What close takes. A call that throws changes nothing. */
export default [
  {
    name: 'codes that close does not take',
    run: async ({ opened, attempt, echo, finish }) => {
      const socket = await opened();
      for (const code of [0, 1, 999, 1001, 1005, 1006, 1011, 1015, 2999, 5000, 65535, 66536, -1, NaN, null, 'x', '']) {
        attempt(`close(${JSON.stringify(code)})`, () => socket.close(code), socket);
      }
      await echo(socket, 'still open');
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'close(0) throws DOMException InvalidAccessError: OPEN',
      'close(1) throws DOMException InvalidAccessError: OPEN',
      'close(999) throws DOMException InvalidAccessError: OPEN',
      'close(1001) throws DOMException InvalidAccessError: OPEN',
      'close(1005) throws DOMException InvalidAccessError: OPEN',
      'close(1006) throws DOMException InvalidAccessError: OPEN',
      'close(1011) throws DOMException InvalidAccessError: OPEN',
      'close(1015) throws DOMException InvalidAccessError: OPEN',
      'close(2999) throws DOMException InvalidAccessError: OPEN',
      'close(5000) throws DOMException InvalidAccessError: OPEN',
      'close(65535) throws DOMException InvalidAccessError: OPEN',
      'close(66536) throws DOMException InvalidAccessError: OPEN',
      'close(-1) throws DOMException InvalidAccessError: OPEN',
      'close(null) throws DOMException InvalidAccessError: OPEN',
      'close(null) throws DOMException InvalidAccessError: OPEN',
      'close("x") throws DOMException InvalidAccessError: OPEN',
      'close("") throws DOMException InvalidAccessError: OPEN',
      'OPEN message "still open"',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'reasons that close does not take',
    run: async ({ opened, attempt, echo, finish }) => {
      const socket = await opened();
      attempt('124 bytes', () => socket.close(1000, 'x'.repeat(124)), socket);
      attempt('124 bytes in 62 letters', () => socket.close(1000, 'é'.repeat(62)), socket);
      attempt('126 bytes in 42 lone surrogates', () => socket.close(1000, '\ud800'.repeat(42)), socket);
      attempt('124 bytes with a bad code', () => socket.close(1, 'x'.repeat(124)), socket);
      attempt('a symbol', () => socket.close(1000, Symbol()), socket);
      await echo(socket, 'still open');
      await finish(socket);
    },
    trace: [
      'OPEN open',
      '124 bytes throws DOMException SyntaxError: OPEN',
      '124 bytes in 62 letters throws DOMException SyntaxError: OPEN',
      '126 bytes in 42 lone surrogates throws DOMException SyntaxError: OPEN',
      '124 bytes with a bad code throws DOMException InvalidAccessError: OPEN',
      'a symbol throws TypeError: OPEN',
      'OPEN message "still open"',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'arguments that close converts',
    run: async ({ opened, next, attempt, heard }) => {
      const calls = [
        ['"3000"', (socket) => socket.close('3000')],
        ['3000.4', (socket) => socket.close(3000.4)],
        ['[4000], null', (socket) => socket.close([4000], null)],
        ['3000, undefined', (socket) => socket.close(3000, undefined)],
        ['3000, {}', (socket) => socket.close(3000, {})],
        ['undefined, undefined', (socket) => socket.close(undefined, undefined)],
      ];
      for (const [what, call] of calls) {
        const socket = await opened();
        attempt(`close(${what})`, () => call(socket), socket);
        await next(socket, 'close');
        await heard(socket);
      }
    },
    trace: [
      'OPEN open',
      'close("3000") gives undefined: CLOSING',
      'CLOSED close 3000 "" clean',
      'target heard close 3000 ""',
      'OPEN open',
      'close(3000.4) gives undefined: CLOSING',
      'CLOSED close 3000 "" clean',
      'target heard close 3000 ""',
      'OPEN open',
      'close([4000], null) gives undefined: CLOSING',
      'CLOSED close 4000 "null" clean',
      'target heard close 4000 "null"',
      'OPEN open',
      'close(3000, undefined) gives undefined: CLOSING',
      'CLOSED close 3000 "" clean',
      'target heard close 3000 ""',
      'OPEN open',
      'close(3000, {}) gives undefined: CLOSING',
      'CLOSED close 3000 "[object Object]" clean',
      'target heard close 3000 "[object Object]"',
      'OPEN open',
      'close(undefined, undefined) gives undefined: CLOSING',
      'CLOSED close 1005 "" clean',
      'target heard close 1005 ""',
    ],
  },
];
