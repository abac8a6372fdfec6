/** Text goes and comes as it is, whatever is in it. */
export default [
  {
    name: 'text',
    run: async ({ opened, echo, finish, heard }) => {
      const socket = await opened();
      await echo(socket, 'hello');
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message "hello"',
      'CLOSED close 1000 "" clean',
      'target heard text "hello"',
      'target heard close 1000 ""',
    ],
  },
  {
    name: 'empty text',
    run: async ({ opened, echo, finish, heard }) => {
      const socket = await opened();
      await echo(socket, '', 'between', '');
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message ""',
      'OPEN message "between"',
      'OPEN message ""',
      'CLOSED close 1000 "" clean',
      'target heard text ""',
      'target heard text "between"',
      'target heard text ""',
      'target heard close 1000 ""',
    ],
  },
  {
    name: 'text that is hard on those who carry it',
    run: async ({ opened, echo, finish, heard }) => {
      const socket = await opened();
      await echo(socket, 'zażółć gęślą jaźń', '日本語', '👩‍👩‍👧 𝒳 \u{10ffff}');
      await echo(socket, 'a\u2028b\u2029c', '\0', '\x01\t\n\r\x7f\x85', '\ufeffbyte order mark\ufeff', '\ufffd\uffff');
      await echo(socket, '</script><!--', `"quotes" 'and' \\ \\u0041 \\`, '%00%zz&d=x+y;#?', '{"type":"close"}');
      await echo(socket, ' ', '\n', '  spaces  ');
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message "zażółć gęślą jaźń"',
      'OPEN message "日本語"',
      'OPEN message "👩‍👩‍👧 𝒳 􏿿"',
      'OPEN message "a\u2028b\u2029c"',
      'OPEN message "\\u0000"',
      'OPEN message "\\u0001\\t\\n\\r"',
      'OPEN message "\ufeffbyte order mark\ufeff"',
      'OPEN message "�￿"',
      'OPEN message "</script><!--"',
      'OPEN message "\\"quotes\\" \'and\' \\\\ \\\\u0041 \\\\"',
      'OPEN message "%00%zz&d=x+y;#?"',
      'OPEN message "{\\"type\\":\\"close\\"}"',
      'OPEN message " "',
      'OPEN message "\\n"',
      'OPEN message "  spaces  "',
      'CLOSED close 1000 "" clean',
      'target heard text "zażółć gęślą jaźń"',
      'target heard text "日本語"',
      'target heard text "👩‍👩‍👧 𝒳 􏿿"',
      'target heard text "a\u2028b\u2029c"',
      'target heard text "\\u0000"',
      'target heard text "\\u0001\\t\\n\\r"',
      'target heard text "\ufeffbyte order mark\ufeff"',
      'target heard text "�￿"',
      'target heard text "</script><!--"',
      'target heard text "\\"quotes\\" \'and\' \\\\ \\\\u0041 \\\\"',
      'target heard text "%00%zz&d=x+y;#?"',
      'target heard text "{\\"type\\":\\"close\\"}"',
      'target heard text " "',
      'target heard text "\\n"',
      'target heard text "  spaces  "',
      'target heard close 1000 ""',
    ],
  },
  {
    name: 'lone surrogates become U+FFFD',
    run: async ({ opened, echo, finish, heard }) => {
      const socket = await opened();
      await echo(socket, '\ud800', 'a\udc00b', '\udc00\ud800', '\ud83d\ud83d\ude00');
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message "\ufffd"',
      'OPEN message "a�b"',
      'OPEN message "��"',
      'OPEN message "�😀"',
      'CLOSED close 1000 "" clean',
      'target heard text "�"',
      'target heard text "a�b"',
      'target heard text "��"',
      'target heard text "�😀"',
      'target heard close 1000 ""',
    ],
  },
  {
    name: 'what is no text becomes text',
    run: async ({ opened, echo, finish }) => {
      const socket = await opened();
      await echo(socket, 12.5, null, undefined, true, [1, [2, 3]], {}, new URLSearchParams('a=b c'));
      await echo(socket, { toString: () => 'by toString', valueOf: () => 'by valueOf' }, new String('boxed'));
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message "12.5"',
      'OPEN message "null"',
      'OPEN message "undefined"',
      'OPEN message "true"',
      'OPEN message "1,2,3"',
      'OPEN message "[object Object]"',
      'OPEN message "a=b+c"',
      'OPEN message "by toString"',
      'OPEN message "boxed"',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'what cannot become text is not sent',
    run: async ({ opened, next, attempt, finish, heard }) => {
      const socket = await opened();
      attempt('send()', () => socket.send(), socket);
      attempt('send(Symbol())', () => socket.send(Symbol()), socket);
      attempt('send(Object.create(null))', () => socket.send(Object.create(null)), socket);
      const thrower = {
        toString() {
          throw new RangeError('mine');
        },
      };
      attempt('send(thrower)', () => socket.send(thrower), socket);
      attempt('send("text", "more")', () => socket.send('text', 'more'), socket);
      await next(socket, 'message');
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'send() throws TypeError: OPEN',
      'send(Symbol()) throws TypeError: OPEN',
      'send(Object.create(null)) throws TypeError: OPEN',
      'send(thrower) throws RangeError: OPEN',
      'send("text", "more") gives undefined: OPEN',
      'OPEN message "text"',
      'CLOSED close 1000 "" clean',
      'target heard text "text"',
      'target heard close 1000 ""',
    ],
  },
];
