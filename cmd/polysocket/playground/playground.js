// The playground opens one socket with polysocket, and shows what happens to it.
//
// All of its scripts are plain ES5, as they stand in the repository, so that old
// browsers run them too.
(function () {
  'use strict';

  var polysocket = window.polysocket;
  var words = playground.words;
  var messages = playground.messages;
  var log = playground.log;
  var choice = playground.choice;
  var get = playground.elements.get;
  var make = playground.elements.make;
  var show = playground.elements.show;
  var redraw = playground.elements.redraw;
  var on = playground.elements.on;
  var each = playground.elements.each;

  var CONNECTING = 0;
  var OPEN = 1;
  var CLOSING = 2;
  var CLOSED = 3;
  var STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];

  // ---- The socket

  // The connection is the last one that was tried, or null before the first.
  var connection = null;

  function state() {
    return connection ? connection.socket.readyState : CLOSED;
  }

  function info() {
    return connection ? polysocket.info(connection.socket) : { transport: null, gaveUp: [], error: '' };
  }

  function connect() {
    var chosen = choice.read();
    var socket;
    show('problem', '');
    try {
      var Socket = polysocket.create(chosen.transport ? { transports: [chosen.transport] } : {});
      socket = chosen.protocols.length ? new Socket(chosen.target, chosen.protocols) : new Socket(chosen.target);
    } catch (e) {
      show('problem', e.message);
      return;
    }
    socket.binaryType = 'arraybuffer';
    connection = {
      socket: socket,
      echoes: new messages.Echoes(),
      sent: { messages: 0, bytes: 0 },
      received: { messages: 0, bytes: 0 },
      noted: {}, // the transports given up that are in the log, by what is said of them
      over: null, // the transport, as the log has it
      opened: false,
      cancelled: false,
      closed: null // the close event
    };
    listen(connection);
    choice.toLink();
    log.event('connecting', 'to ' + socket.url);
  }

  function listen(c) {
    on(c.socket, 'open', function () {
      c.opened = true;
      noteGivenUp(c);
      c.over = info().transport;
      log.event('open', 'over ' + c.over + (c.socket.protocol ? ', subprotocol ' + c.socket.protocol : ''));
      later();
    });
    on(c.socket, 'message', function (event) {
      var message = typeof event.data === 'string' ? messages.text(event.data) : messages.binary(event.data);
      count(c.received, message);
      log.message('received', message, c.echoes.received(message));
      pulse('down');
      later();
    });
    on(c.socket, 'error', function () {
      noteGivenUp(c);
      log.event('error', info().error || 'the socket failed', true);
      later();
    });
    on(c.socket, 'close', function (event) {
      c.closed = event;
      log.event('closed', words.close(event), !event.wasClean);
      later();
    });
  }

  function noteGivenUp(c) {
    info().gaveUp.forEach(function (g) {
      var said = g.transport + ': ' + words.why(g);
      if (c.noted[said]) return;
      c.noted[said] = true;
      log.event(words.isRefusal(g) ? 'refused' : 'gave up', said);
    });
  }

  // noteChange tells that an open socket goes another way.
  function noteChange(c) {
    var over = info().transport;
    if (!c.opened || c.closed || over === c.over) return;
    c.over = over;
    log.event('goes on', 'over ' + over);
  }

  function count(way, message) {
    way.messages++;
    way.bytes += message.size;
  }

  function disconnect() {
    var code = get('code').value;
    show('problem', '');
    connection.cancelled = state() === CONNECTING;
    try {
      if (code && !connection.cancelled) connection.socket.close(Number(code), get('reason').value);
      else connection.socket.close();
    } catch (e) {
      show('problem', e.message);
    }
  }

  // send tells whether the message is on its way.
  function send(message) {
    if (state() !== OPEN) {
      show('unsent', 'Nothing was sent: connect first.');
      return false;
    }
    show('unsent', '');
    var at = messages.now();
    try {
      connection.socket.send(message.kind === 'text' ? message.data : message.data.buffer);
    } catch (e) {
      show('unsent', e.message);
      return false;
    }
    connection.echoes.sent(message, at);
    count(connection.sent, message);
    log.message('sent', message, null);
    pulse('up');
    later();
    return true;
  }

  function sendText() {
    if (send(messages.text(get('text').value))) get('text').value = '';
  }

  // sendFiles sends those from i on, one after the other.
  function sendFiles(files, i) {
    if (i === files.length) return;
    var reader = new FileReader();
    reader.onload = function () {
      if (send(messages.binary(reader.result, files[i].name))) sendFiles(files, i + 1);
    };
    reader.onerror = function () {
      show('unsent', files[i].name + ' cannot be read.');
    };
    reader.readAsArrayBuffer(files[i]);
  }

  // ---- What is on show of it

  var soon = 0; // the timer of the next paint,
  var next = 0; // and of the one after it

  // later paints soon: once for all that happens until then.
  function later() {
    if (!soon) soon = setTimeout(paint, 30);
  }

  function paint() {
    clearTimeout(soon);
    clearTimeout(next);
    soon = 0;
    if (polysocket) {
      paintWay();
      paintStatus();
      paintForms();
      paintMeasures();
    }
    log.flush();
    if (state() !== CLOSED) next = setTimeout(paint, 200); // bufferedAmount has no event
  }

  function keyOf(gaveUp) {
    return gaveUp
      .map(function (g) {
        return g.transport + ' ' + g.why;
      })
      .join();
  }

  function paintWay() {
    var now = info();
    var closed = state() === CLOSED;
    var failed = closed && connection && !connection.opened && !connection.cancelled;
    var direct = !closed && now.transport === 'websocket';
    // The relay is there, and what is behind it is not.
    var beyond = now.gaveUp.some(function (g) {
      return /^target_/.test(g.why);
    });
    get('page').className = 'page' + (direct ? ' direct' : '') + (failed ? ' failed' : '');
    get('page').setAttribute('data-state', STATES[state()].toLowerCase());
    get('hop-to-relay').className = failed && !beyond ? 'hop broken' : 'hop';
    get('hop-to-target').className = failed && beyond ? 'hop broken' : 'hop';
    show('target-is', words.breaking(words.place(closed ? choice.read().target : connection.socket.url)));
    show('relay-is', direct ? 'not needed' : words.breaking(words.place(choice.base)));
    // Over the first hop stands the transport, behind those given up.
    redraw('carries', closed + ' ' + now.transport + ' ' + keyOf(now.gaveUp), function (carries) {
      now.gaveUp.forEach(function (g) {
        carries.appendChild(make(words.isRefusal(g) ? 'span' : 's', '', g.transport));
        carries.appendChild(document.createTextNode(' '));
      });
      if (now.transport) carries.appendChild(make(closed ? 'span' : 'b', '', now.transport));
      else if (!now.gaveUp.length) carries.appendChild(document.createTextNode('HTTP'));
    });
  }

  function paintStatus() {
    var gaveUp = info().gaveUp;
    show('state', STATES[state()]);
    show('said', said());
    redraw('gave-up', keyOf(gaveUp), function (list) {
      gaveUp.forEach(function (g) {
        var li = make('li');
        li.appendChild(make('code', '', g.transport + ' '));
        li.appendChild(make('span', '', words.why(g) + ' (' + g.why + ')'));
        list.appendChild(li);
      });
    });
  }

  function said() {
    if (!connection) return 'Not connected yet.';
    var c = connection;
    switch (state()) {
      case CONNECTING:
        return 'Looking for a way to ' + words.place(c.socket.url) + ' …';
      case OPEN:
        return 'Over ' + info().transport + ', ' + words.transport(info().transport) + '.';
      case CLOSING:
        return 'Waiting for the target to close too.';
    }
    if (!c.closed) return 'Closed.';
    if (c.opened) return 'Closed with ' + words.close(c.closed) + '.';
    return 'It did not open: ' + (info().error || words.close(c.closed)) + '.';
  }

  function paintForms() {
    var now = state();
    var button = get('connect');
    show('connect', now === CLOSED ? 'Connect' : now === CONNECTING ? 'Cancel' : 'Disconnect');
    button.className = now === CLOSED ? 'primary' : 'primary ends';
    button.setAttribute('aria-disabled', String(now === CLOSING));
    get('closing').hidden = now === CLOSED || now === CONNECTING;
    // A small screen hides what is chosen while it cannot be changed.
    get('choice').className = now === CLOSED ? 'choice' : 'choice live';
    if (get('before').contains(document.activeElement) && !get('before').offsetHeight) button.focus();
    get('send').setAttribute('aria-disabled', String(now !== OPEN));
    get('file-label').className = now === OPEN ? 'button' : 'button off';
  }

  function paintMeasures() {
    if (!connection) return;
    var c = connection;
    var trips = c.echoes.roundTrips.length;
    show('rtt-last', trips ? words.duration(c.echoes.last()) : '–');
    show('rtt-median', trips ? words.duration(c.echoes.median()) + ' of ' + trips : '–');
    show('sent', words.count(c.sent.messages, 'message') + ', ' + words.size(c.sent.bytes));
    show('received', words.count(c.received.messages, 'message') + ', ' + words.size(c.received.bytes));
    show('buffered', words.size(c.socket.bufferedAmount));
    show('protocol', c.socket.protocol || '–');
  }

  function showChoice() {
    show('snippet', choice.snippet());
    show('curl', choice.curl());
    paint();
  }

  var pulses = 0;
  var still = window.matchMedia && matchMedia('(prefers-reduced-motion: reduce)');

  // pulse lets a message be seen on its way, where there are not too many.
  function pulse(way) {
    if (pulses >= 6 || (still && still.matches)) return;
    var dot = make('i', 'pulse ' + way);
    pulses++;
    get('line').appendChild(dot);
    setTimeout(function () {
      get('line').removeChild(dot);
      pulses--;
    }, 700);
  }

  // ---- Connecting and disconnecting

  on(get('choice'), 'submit', function (event) {
    event.preventDefault();
    if (!polysocket) return;
    if (state() === CLOSED) connect();
    else if (state() !== CLOSING) disconnect();
    showChoice();
  });

  // The second half of a double click would undo the first.
  on(get('connect'), 'click', function (event) {
    if (event.detail > 1) event.preventDefault();
  });

  // Enter connects from every field, and disconnects only from those of closing; a
  // key that is held counts once.
  on(get('choice'), 'keydown', function (event) {
    if (event.keyCode !== 13 || event.target.type === 'button') return;
    var ends = event.target.id === 'connect' || get('closing').contains(event.target);
    if (event.repeat || (state() !== CLOSED && !ends)) event.preventDefault();
  });

  on(get('choice'), 'input', showChoice);

  on(get('choice'), 'change', function () {
    choice.toLink();
    showChoice();
  });

  on(window, 'hashchange', function () {
    choice.fromLink();
    showChoice();
  });

  each(document.querySelectorAll('[data-target]'), function (button) {
    on(button, 'click', function () {
      get('target').value = button.getAttribute('data-target');
      choice.toLink();
      showChoice();
    });
  });

  // ---- Sending

  on(get('composer'), 'submit', function (event) {
    event.preventDefault();
    sendText();
  });

  on(get('text'), 'keydown', function (event) {
    // While a character is being composed, Enter ends that and sends nothing.
    if (event.keyCode !== 13 || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!event.repeat) sendText();
  });

  on(get('file'), 'change', function () {
    sendFiles(Array.prototype.slice.call(get('file').files), 0);
    get('file').value = ''; // so that the same one can be chosen again
  });

  var readsFiles = window.FileReader && window.ArrayBuffer;
  if (!readsFiles) get('file').parentNode.style.display = 'none';

  function bringsFiles(event) {
    var types = (event.dataTransfer && event.dataTransfer.types) || [];
    return readsFiles && Array.prototype.indexOf.call(types, 'Files') >= 0;
  }

  on(document, 'dragover', function (event) {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    document.body.className = 'dropping';
  });

  on(document, 'dragleave', function (event) {
    if (!event.relatedTarget) document.body.className = '';
  });

  on(document, 'drop', function (event) {
    document.body.className = '';
    if (!bringsFiles(event)) return;
    event.preventDefault();
    sendFiles(Array.prototype.slice.call(event.dataTransfer.files), 0);
  });

  // ---- Clearing and copying

  on(get('clear'), 'click', log.clear);

  // The clipboard API is only for secure pages, and may say no.
  function copy(text, tell) {
    function byCommand() {
      var focused = document.activeElement;
      var area = make('textarea', 'unseen');
      area.value = text;
      document.body.appendChild(area);
      area.select();
      tell(document.execCommand('copy'));
      document.body.removeChild(area);
      focused.focus();
    }
    if (!navigator.clipboard || !navigator.clipboard.writeText) return byCommand();
    navigator.clipboard.writeText(text).then(function () {
      tell(true);
    }, byCommand);
  }

  each(document.querySelectorAll('[data-copies]'), function (button) {
    on(button, 'click', function () {
      copy(get(button.getAttribute('data-copies')).textContent, function (copied) {
        button.textContent = copied ? 'Copied' : 'Not copied';
        show('copied', button.textContent);
        setTimeout(function () {
          button.textContent = 'Copy';
          show('copied', '');
        }, 1500);
      });
    });
  });

  // ---- To begin

  show('page-is', window.WebSocket ? 'has WebSocket' : 'no WebSocket');
  choice.fromLink();
  if (polysocket) {
    show('version', polysocket.version);
    polysocket.on('transport', function (event) {
      if (!connection || event.socket !== connection.socket) return;
      noteGivenUp(connection);
      noteChange(connection);
      later();
    });
  } else {
    show('said', 'The script polysocket.js did not load from this server.');
    get('connect').setAttribute('aria-disabled', 'true');
  }
  showChoice();
})();
