/** Subprotocols: what is offered, and what the target makes of it. `query` tells the target what to choose. */
const opens = (name, protocols, query, offered, protocol) => ({
  name,
  args: { protocols, query },
  run: async ({ opened, echo, say, finish, protocols, query }) => {
    const socket = await opened(query, protocols);
    say(`protocol "${socket.protocol}"`);
    await echo(socket, '!request');
    await finish(socket);
    say(`protocol "${socket.protocol}"`);
  },
  trace: [
    'OPEN open',
    `protocol "${protocol}"`,
    `OPEN message "/?id=ID${query} from http://PAGE, offered ${offered}"`,
    'CLOSED close 1000 "" clean',
    `protocol "${protocol}"`,
  ],
});

const fails = (name, protocols, query) => ({
  name,
  args: { protocols, query },
  run: async ({ open, next, say, protocols, query }) => {
    const socket = open(query, protocols);
    await next(socket, 'close');
    say(`protocol "${socket.protocol}"`);
  },
  trace: ['CLOSED error', 'CLOSED close 1006 "" unclean', 'protocol ""'],
});

export default [
  opens('no subprotocol', [], '', 'undefined', ''),
  opens('one subprotocol, as a string', 'chat', '&protocol=chat', 'chat', 'chat'),
  opens('the first of two', ['v1.chat', 'v2.chat'], '&protocol=v1.chat', 'v1.chat v2.chat', 'v1.chat'),
  opens('the second of two', ['v1.chat', 'v2.chat'], '&protocol=v2.chat', 'v1.chat v2.chat', 'v2.chat'),
  opens(
    'all the letters of a token',
    "!#$%&'*+-.^_`|~09azAZ",
    '&protocol=!%23$%25%26%27*%2b-.^_`|~09azAZ',
    "!#$%&'*+-.^_`|~09azAZ",
    "!#$%&'*+-.^_`|~09azAZ",
  ),
  fails('offered, and none chosen', ['v1.chat', 'v2.chat'], ''),
  fails('offered, and another one chosen', ['v1.chat', 'v2.chat'], '&protocol=v3.chat'),
  fails('offered, and chosen in other case', ['chat'], '&protocol=CHAT'),
  fails('none offered, and one chosen', [], '&protocol=chat'),
  {
    name: 'protocols are tokens',
    run: async ({ WebSocket, target, say }) => {
      const takes = (protocol) => {
        try {
          new WebSocket(target, protocol).close();
          return true;
        } catch {
          return false;
        }
      };
      const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
      say(`taken: ${characters.filter(takes).join('')}`);
    },
    trace: ["taken: !#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~"],
  },
  {
    name: 'protocols as the constructor takes them',
    run: async ({ WebSocket, target, attempt }) => {
      const protocols = {
        "['b', 'a']": ['b', 'a'],
        'a Set': new Set(['b', 'a']),
        "['a', 'A']": ['a', 'A'],
        'the number 5': 5,
        null: null,
        'an array of numbers': [1, 2],
        "''": '',
        "['']": [''],
        "['a', 'a']": ['a', 'a'],
        "[1, '1']": [1, '1'],
        "'a b'": 'a b',
        "'a,b'": 'a,b',
        "['a', 'é']": ['a', 'é'],
        "'a\\x7f'": 'a\x7f',
        "'a\\n'": 'a\n',
        "'a\\0'": 'a\0',
        "'\\ud800'": '\ud800',
        'a symbol': Symbol(),
        'an array of symbols': [Symbol()],
      };
      for (const [what, value] of Object.entries(protocols)) {
        attempt(what, () => new WebSocket(target, value).close());
      }
      const given = ['z', 'a'];
      new WebSocket(target, given).close();
      attempt('the array is left as it is:', () => given.join());
    },
    trace: [
      "['b', 'a'] gives undefined",
      'a Set gives undefined',
      "['a', 'A'] gives undefined",
      'the number 5 gives undefined',
      'null gives undefined',
      'an array of numbers gives undefined',
      "'' throws DOMException SyntaxError",
      "[''] throws DOMException SyntaxError",
      "['a', 'a'] throws DOMException SyntaxError",
      "[1, '1'] throws DOMException SyntaxError",
      "'a b' throws DOMException SyntaxError",
      "'a,b' throws DOMException SyntaxError",
      "['a', 'é'] throws DOMException SyntaxError",
      "'a\\x7f' throws DOMException SyntaxError",
      "'a\\n' throws DOMException SyntaxError",
      "'a\\0' throws DOMException SyntaxError",
      "'\\ud800' throws DOMException SyntaxError",
      'a symbol throws TypeError',
      'an array of symbols throws TypeError',
      'the array is left as it is: gives "z,a"',
    ],
  },
];
