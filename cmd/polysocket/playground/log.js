// The log of a conversation. What is noted is on show after the next flush, so
// that a fast target does not make the page slow.
(function () {
  'use strict';

  var words = playground.words;
  var get = playground.elements.get;
  var make = playground.elements.make;
  var show = playground.elements.show;
  var on = playground.elements.on;

  var ENTRIES = 500; // on show
  var KEPT = 64 * 1024 * 1024; // bytes of messages to see all of, or to save
  var CHARACTERS = 280; // of a text,
  var LINES = 8; // and its lines
  var BYTES = 12; // of a binary

  var waiting = []; // entries that are not on show yet
  var leftOut = 0; // entries that are not on show any more
  var kept = []; // what entries on show keep, oldest first
  var keptBytes = 0;
  var follows = true; // it is at its end, and stays there

  // ---- What is kept

  // keep counts what an entry keeps of a message. The function lets go of it, when
  // there is too much, or the entry goes.
  function keep(entry, size, letGo) {
    kept.push({ entry: entry, size: size, letGo: letGo });
    keptBytes += size;
    while (keptBytes > KEPT && kept.length > 1) letGoOfOldest();
  }

  function letGoOfOldest() {
    var oldest = kept.shift();
    keptBytes -= oldest.size;
    oldest.letGo();
  }

  // ---- Entries

  function entryElement(entry) {
    var li = make('li', 'entry ' + entry.className);
    var what = make('span', 'what');
    var more = make('span', 'more');
    what.dir = 'auto';
    li.appendChild(aboutElement(entry));
    li.appendChild(what);
    li.appendChild(more);
    if (entry.echo) more.appendChild(echoElement(entry.message.kind, entry.echo));
    if (!entry.message) what.textContent = entry.text;
    else if (entry.message.kind === 'text') fillText(li, what, more, entry.message);
    else fillBinary(li, what, more, entry);
    if (!what.textContent) {
      what.textContent = 'empty';
      what.className = 'what none';
    }
    return li;
  }

  function aboutElement(entry) {
    var about = make('span', 'about');
    about.appendChild(make('time', '', words.clock(entry.at)));
    if (entry.way) {
      var arrow = make('span', 'dir', entry.way === 'sent' ? '→' : '←');
      arrow.setAttribute('aria-hidden', 'true');
      about.appendChild(arrow);
      about.appendChild(make('span', 'unseen', entry.way));
    }
    about.appendChild(make('span', 'kind', entry.kind));
    if (entry.message) about.appendChild(make('span', 'size', words.size(entry.message.size)));
    return about;
  }

  function echoElement(kind, echo) {
    if (!echo.same) return make('span', 'mark bad', '✗ other bytes than sent, from byte ' + echo.differsAt);
    return make('span', 'mark', '✓ same ' + (kind === 'text' ? 'text' : 'bytes') + ', ' + words.duration(echo.ms));
  }

  function fillText(li, what, more, message) {
    var text = message.data;
    var excerpt = words.excerpt(text, CHARACTERS, LINES);
    what.textContent = excerpt;
    if (excerpt === text) return;
    var button = make('button', '', 'Show all ' + words.count(text.length, 'character'));
    button.type = 'button';
    button.setAttribute('aria-expanded', 'false');
    on(button, 'click', function () {
      var whole = button.getAttribute('aria-expanded') === 'false';
      button.setAttribute('aria-expanded', String(whole));
      button.textContent = whole ? 'Show less' : 'Show all ' + words.count(text.length, 'character');
      what.textContent = whole ? text : excerpt;
      what.className = whole ? 'what whole' : 'what';
      if (whole) what.tabIndex = 0;
      else what.removeAttribute('tabindex');
    });
    more.appendChild(button);
    keep(li, message.size, function () {
      text = '';
      more.replaceChild(make('span', '', 'The rest is not kept any more.'), button);
    });
  }

  function fillBinary(li, what, more, entry) {
    var message = entry.message;
    what.textContent = (message.name ? message.name + '\n' : '') + words.hex(message.data || [], BYTES);
    var url = entry.way === 'received' && message.data ? urlOf(message.data) : '';
    if (!url) return;
    var link = make('a', '', 'Save');
    link.href = url;
    link.download = 'message-' + words.clock(entry.at).replace(/\D/g, '') + '.bin';
    more.appendChild(link);
    keep(li, message.size, function () {
      URL.revokeObjectURL(url);
      more.replaceChild(make('span', '', 'Not kept any more.'), link);
    });
  }

  // urlOf is a URL to save the bytes from; empty where the browser has none.
  function urlOf(bytes) {
    try {
      return URL.createObjectURL(new Blob([bytes.buffer], { type: 'application/octet-stream' }));
    } catch (_) {
      return '';
    }
  }

  // ---- The list

  function add(entry) {
    entry.at = new Date();
    waiting.push(entry);
    // A page that is not looked at flushes seldom.
    if (waiting.length > 2 * ENTRIES) leftOut += waiting.splice(0, ENTRIES).length;
  }

  function showWaiting() {
    if (!waiting.length) return;
    var list = get('entries');
    var fresh = document.createDocumentFragment();
    if (waiting.length > ENTRIES) leftOut += waiting.splice(0, waiting.length - ENTRIES).length;
    for (var i = 0; i < waiting.length; i++) fresh.appendChild(entryElement(waiting[i]));
    waiting = [];
    list.appendChild(fresh);
    while (list.childNodes.length > ENTRIES) {
      while (kept.length && kept[0].entry === list.firstChild) letGoOfOldest();
      list.removeChild(list.firstChild);
      leftOut++;
    }
    var note = 'These are the last ' + ENTRIES + ' entries. ' + words.grouped(leftOut) + ' before them are left out.';
    show('log-note', leftOut ? note : '');
  }

  on(get('log'), 'scroll', function () {
    var box = get('log');
    follows = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  });

  playground.log = {
    // event notes what happened to the socket.
    event: function (kind, text, bad) {
      add({ way: '', kind: kind, text: text, className: bad ? 'event bad' : 'event' });
    },

    // message notes one that was 'sent' or 'received', and what Echoes said of it.
    message: function (way, message, echo) {
      add({ way: way, kind: message.kind, message: message, echo: echo, className: way });
    },

    flush: function () {
      showWaiting();
      if (follows) get('log').scrollTop = get('log').scrollHeight;
    },

    clear: function () {
      waiting = [];
      leftOut = 0;
      while (kept.length) letGoOfOldest();
      get('entries').textContent = '';
      show('log-note', 'Cleared.');
    }
  };
})();
