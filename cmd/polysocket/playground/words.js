// Words and numbers, as people read them.
window.playground = {};

(function () {
  'use strict';

  var TRANSPORTS = {
    websocket: 'straight to the target',
    stream: 'by way of the relay: one long answer',
    sse: 'by way of the relay: server-sent events',
    xhr: 'by way of the relay: long-polling',
    jsonp: 'by way of the relay: script elements'
  };

  // Why a transport was given up: the client's own words first, then the router's.
  var WHY = {
    missing: 'this browser does not have it',
    refused: 'it failed, or was cut',
    hung: 'it was not open in time',
    killed: 'it was cut soon after it had opened',
    buffered: 'something on the way holds it back',
    bad_request: 'the relay did not understand the request',
    token_invalid: 'the relay asks for a token, and this is none',
    token_expired: 'the token has expired',
    origin_denied: 'the relay does not let this page in',
    target_denied: 'the relay may not go to this target',
    target_unreachable: 'the relay cannot reach the target',
    target_refused: 'the target is there, and refused a WebSocket',
    target_timeout: 'the target did not open in time',
    limit_reached: 'the relay allows no more sockets',
    rate_limited: 'the relay allows no more sockets for now',
    no_relay: 'no relay is free'
  };

  var CODES = {
    1000: 'normal',
    1001: 'going away',
    1002: 'protocol error',
    1003: 'data not wanted',
    1005: 'none given',
    1006: 'broken off',
    1007: 'malformed data',
    1008: 'policy',
    1009: 'message too large',
    1010: 'extension missing',
    1011: 'error of the target',
    1012: 'restart',
    1013: 'try again later',
    1014: 'bad gateway',
    1015: 'TLS failed'
  };

  function grouped(n) {
    return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
  }

  function digits(n, width) {
    return ('00' + n).slice(-width);
  }

  playground.words = {
    transport: function (name) {
      return TRANSPORTS[name] || 'by way of the relay';
    },

    why: function (gaveUp) {
      return WHY[gaveUp.why] || gaveUp.why;
    },

    // isRefusal tells the router's words, which end the search, from a transport's
    // failure.
    isRefusal: function (gaveUp) {
      return !/^(missing|refused|hung|killed|buffered)$/.test(gaveUp.why);
    },

    close: function (event) {
      var word = CODES[event.code];
      return (
        event.code +
        (word ? ' (' + word + ')' : '') +
        (event.reason ? ' “' + event.reason + '”' : '') +
        (event.wasClean ? ', clean' : ', not clean')
      );
    },

    // place is a URL without what all of them have.
    place: function (url) {
      return url.replace(/^[a-z]+:\/\//i, '').replace(/\/$/, '');
    },

    // breaking lets a place wrap where it has joints.
    breaking: function (place) {
      return place.replace(/[:\/]/g, '\u200b$&');
    },

    grouped: grouped,

    count: function (n, one) {
      return grouped(n) + ' ' + one + (n === 1 ? '' : 's');
    },

    size: function (bytes) {
      if (bytes < 1024) return bytes + ' B';
      if (bytes < 1024 * 1024) return (bytes / 1024).toFixed(1) + ' KiB';
      return (bytes / 1024 / 1024).toFixed(1) + ' MiB';
    },

    duration: function (ms) {
      if (ms < 10) return ms.toFixed(1) + ' ms';
      return ms < 10000 ? Math.round(ms) + ' ms' : (ms / 1000).toFixed(1) + ' s';
    },

    clock: function (date) {
      var time = [digits(date.getHours(), 2), digits(date.getMinutes(), 2), digits(date.getSeconds(), 2)].join(':');
      return time + '.' + digits(date.getMilliseconds(), 3);
    },

    // hex is that of the first bytes.
    hex: function (bytes, max) {
      var all = [];
      for (var i = 0; i < bytes.length && i < max; i++) all.push(digits(bytes[i].toString(16), 2));
      return all.join(' ') + (bytes.length > max ? ' …' : '');
    },

    // excerpt is the beginning of a text, or all of it.
    excerpt: function (text, maxCharacters, maxLines) {
      var end = Math.min(text.length, maxCharacters);
      for (var i = 0, lines = 1; i < end; i++) {
        if (text.charAt(i) === '\n' && ++lines > maxLines) end = i;
      }
      if (end === text.length) return text;
      if (/[\ud800-\udbff]/.test(text.charAt(end - 1))) end--; // half a character
      return text.slice(0, end) + '…';
    }
  };
})();
