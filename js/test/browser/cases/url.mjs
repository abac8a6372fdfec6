/** URLs as the constructor takes them. Sockets are closed before they are open, so that nobody need be there. */
export default [
  {
    name: 'the URL is parsed, and written out again',
    run: async ({ WebSocket, attempt }) => {
      const urls = [
        'ws://example.test',
        'wss://example.test/',
        'WS://EXAMPLE.test:80/a/../b/./c?q=1&r=ż#'.slice(0, -1),
        'wss://example.test:443/',
        'ws://example.test:443/',
        'http://example.test/path',
        'https://example.test/path',
        ' \tws://example.test/spaces \n',
        'ws://example.test/zażółć gęślą/%zz?a b|c',
        'ws:example.test/no/slashes',
        'ws:\\\\example.test\\back\\slashes',
        'ws://user:password@example.test/',
        'ws://żółw.example.test/',
        'ws://0x7f.1/',
        'ws://[::1]:8080/',
      ];
      for (const url of urls) {
        const make = () => {
          const socket = new WebSocket(url);
          socket.close();
          return socket.url;
        };
        attempt(url, make);
      }
      attempt('a URL object', () => {
        const socket = new WebSocket(new URL('http://example.test/object'));
        socket.close();
        return socket.url;
      });
    },
    trace: [
      'ws://example.test gives "ws://example.test/"',
      'wss://example.test/ gives "wss://example.test/"',
      'WS://EXAMPLE.test:80/a/../b/./c?q=1&r=ż gives "ws://example.test/b/c?q=1&r=%C5%BC"',
      'wss://example.test:443/ gives "wss://example.test/"',
      'ws://example.test:443/ gives "ws://example.test:443/"',
      'http://example.test/path gives "ws://example.test/path"',
      'https://example.test/path gives "wss://example.test/path"',
      ' \tws://example.test/spaces \n gives "ws://example.test/spaces"',
      'ws://example.test/zażółć gęślą/%zz?a b|c gives "ws://example.test/za%C5%BC%C3%B3%C5%82%C4%87%20g%C4%99%C5%9Bl%C4%85/%zz?a%20b|c"',
      'ws:example.test/no/slashes gives "ws://example.test/no/slashes"',
      'ws:\\\\example.test\\back\\slashes gives "ws://example.test/back/slashes"',
      'ws://user:password@example.test/ gives "ws://user:password@example.test/"',
      'ws://żółw.example.test/ gives "ws://xn--w-uga1v8h.example.test/"',
      'ws://0x7f.1/ gives "ws://127.0.0.1/"',
      'ws://[::1]:8080/ gives "ws://[::1]:8080/"',
      'a URL object gives "ws://example.test/object"',
    ],
  },
  {
    name: 'a relative URL is relative to the document',
    run: async ({ WebSocket, attempt }) => {
      for (const url of ['', '/path', 'path?query', '?query', '//example.test/other', '../..']) {
        attempt(JSON.stringify(url), () => {
          const socket = new WebSocket(url);
          socket.close();
          return socket.url;
        });
      }
    },
    trace: [
      '"" gives "ws://PAGE/"',
      '"/path" gives "ws://PAGE/path"',
      '"path?query" gives "ws://PAGE/path?query"',
      '"?query" gives "ws://PAGE/?query"',
      '"//example.test/other" gives "ws://example.test/other"',
      '"../.." gives "ws://PAGE/"',
    ],
  },
  {
    name: 'a relative URL is relative to the base of the document',
    run: async ({ WebSocket, target, watch, next, finish, say, echo }) => {
      const base = document.createElement('base');
      base.href = `${target.replace('ws:', 'http:')}/directory/page.html`;
      document.head.append(base);
      const socket = watch(new WebSocket('../other?a=1'));
      base.remove();
      say(`url ${socket.url}`);
      await next(socket, 'open');
      await echo(socket, '!request');
      await finish(socket);
    },
    trace: [
      'url ws://TARGET/other?a=1',
      'OPEN open',
      'OPEN message "/other?a=1 from http://PAGE, offered undefined"',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'the target is asked for what the URL says',
    run: async ({ WebSocket, target, watch, next, finish, echo, say }) => {
      for (const rest of ['', '?', '/?', '/a/b%20c/zażółć?q=ł&r=a+b%26c&target=x&d=%00', '//a//b/']) {
        const socket = watch(new WebSocket(target + rest));
        say(`url ${socket.url}`);
        await next(socket, 'open');
        await echo(socket, '!request');
        await finish(socket);
      }
    },
    trace: [
      'url ws://TARGET/',
      'OPEN open',
      'OPEN message "/ from http://PAGE, offered undefined"',
      'CLOSED close 1000 "" clean',
      'url ws://TARGET/?',
      'OPEN open',
      'OPEN message "/? from http://PAGE, offered undefined"',
      'CLOSED close 1000 "" clean',
      'url ws://TARGET/?',
      'OPEN open',
      'OPEN message "/? from http://PAGE, offered undefined"',
      'CLOSED close 1000 "" clean',
      'url ws://TARGET/a/b%20c/za%C5%BC%C3%B3%C5%82%C4%87?q=%C5%82&r=a+b%26c&target=x&d=%00',
      'OPEN open',
      'OPEN message "/a/b%20c/za%C5%BC%C3%B3%C5%82%C4%87?q=%C5%82&r=a+b%26c&target=x&d=%00 from http://PAGE, offered undefined"',
      'CLOSED close 1000 "" clean',
      'url ws://TARGET//a//b/',
      'OPEN open',
      'OPEN message "//a//b/ from http://PAGE, offered undefined"',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'a URL with a user and a password',
    run: async ({ WebSocket, target, watch, next, finish, echo, say }) => {
      const socket = watch(new WebSocket(target.replace('//', '//user:password@')));
      say(`url ${socket.url}`);
      await next(socket, 'open');
      await echo(socket, 'hello');
      await finish(socket);
    },
    trace: ['url ws://user:password@TARGET/', 'OPEN open', 'OPEN message "hello"', 'CLOSED close 1000 "" clean'],
  },
  {
    name: 'URLs that the constructor does not take',
    run: async ({ WebSocket, attempt }) => {
      const urls = [
        'ftp://example.test/',
        'about:blank',
        'javascript:1',
        'data:text/plain,x',
        'file:///etc/hosts',
        'blob:http://example.test/1',
        'ws://example.test/#',
        'ws://example.test/#fragment',
        '#fragment',
        'http://example.test/#fragment',
        'ws://',
        'ws://:80/',
        'ws://example.test:65536/',
        'ws://example.test:x/',
        'ws://[::1/',
        'ws://a<b/',
        'ws://%00/',
      ];
      for (const url of urls) attempt(url, () => new WebSocket(url));
      attempt('a good URL called without new', () => WebSocket('ws://example.test/'));
      attempt('no URL', () => new WebSocket());
      attempt('a symbol', () => new WebSocket(Symbol()));
      attempt('a bad URL and bad protocols', () => new WebSocket('ws://', 'a b'));
      attempt('a bad URL and a symbol', () => new WebSocket('ws://', Symbol()));
    },
    trace: [
      'ftp://example.test/ throws DOMException SyntaxError',
      'about:blank throws DOMException SyntaxError',
      'javascript:1 throws DOMException SyntaxError',
      'data:text/plain,x throws DOMException SyntaxError',
      'file:///etc/hosts throws DOMException SyntaxError',
      'blob:http://example.test/1 throws DOMException SyntaxError',
      'ws://example.test/# throws DOMException SyntaxError',
      'ws://example.test/#fragment throws DOMException SyntaxError',
      '#fragment throws DOMException SyntaxError',
      'http://example.test/#fragment throws DOMException SyntaxError',
      'ws:// throws DOMException SyntaxError',
      'ws://:80/ throws DOMException SyntaxError',
      'ws://example.test:65536/ throws DOMException SyntaxError',
      'ws://example.test:x/ throws DOMException SyntaxError',
      'ws://[::1/ throws DOMException SyntaxError',
      'ws://a<b/ throws DOMException SyntaxError',
      'ws://%00/ throws DOMException SyntaxError',
      'a good URL called without new throws TypeError',
      'no URL throws TypeError',
      'a symbol throws TypeError',
      'a bad URL and bad protocols throws DOMException SyntaxError',
      'a bad URL and a symbol throws TypeError',
    ],
  },
];
