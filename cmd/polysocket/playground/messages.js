// Messages, and which of them are echoes.
//
// A message is {kind, data, size, name}: data is a string or a Uint8Array, or null
// where this browser cannot look into it; size is in bytes.
(function () {
  'use strict';

  var AWAITED = 10000; // messages that an echo is awaited of,
  var AWAITED_BYTES = 64 * 1024 * 1024; // and their bytes
  var ROUND_TRIPS = 1001; // that the median is of

  function now() {
    return window.performance && performance.now ? performance.now() : new Date().getTime();
  }

  function textMessage(text) {
    var size = 0;
    for (var i = 0; i < text.length; i++) {
      var c = text.charCodeAt(i);
      var next = text.charCodeAt(i + 1);
      if (c >= 0xd800 && c < 0xdc00 && next >= 0xdc00 && next < 0xe000) {
        size += 4;
        i++;
      } else {
        size += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
      }
    }
    return { kind: 'text', data: text, size: size, name: '' };
  }

  function binaryMessage(data, name) {
    var bytes = window.ArrayBuffer && data instanceof ArrayBuffer ? new Uint8Array(data) : null;
    return { kind: 'binary', data: bytes, size: bytes ? bytes.length : data.size || 0, name: name || '' };
  }

  // firstDifference is of two arrays of the same length: -1 where there is none.
  function firstDifference(a, b) {
    for (var i = 0; i < a.length; i++) if (a[i] !== b[i]) return i;
    return -1;
  }

  function comparable(a, b) {
    return a.kind === b.kind && a.size === b.size && a.data !== null && b.data !== null;
  }

  function same(a, b) {
    return comparable(a, b) && (a.kind === 'text' ? a.data === b.data : firstDifference(a.data, b.data) < 0);
  }

  // Echoes knows what was sent and did not come back yet, oldest first. What a
  // later one overtakes will not come: an echo keeps the order.
  function Echoes() {
    this.awaited = [];
    this.bytes = 0;
    this.roundTrips = [];
  }

  Echoes.prototype.sent = function (message, at) {
    this.awaited.push({ message: message, at: at });
    this.bytes += message.size;
    while (this.bytes > AWAITED_BYTES || this.awaited.length > AWAITED) this.drop(1);
  };

  Echoes.prototype.drop = function (n) {
    var gone = this.awaited.splice(0, n);
    for (var i = 0; i < n; i++) this.bytes -= gone[i].message.size;
  };

  // received tells of a message whether it is an echo, {same, ms}, or looks like
  // one that went wrong, {differsAt}.
  Echoes.prototype.received = function (message) {
    for (var i = 0; i < this.awaited.length; i++) {
      if (!same(this.awaited[i].message, message)) continue;
      var ms = now() - this.awaited[i].at;
      this.drop(i + 1);
      this.roundTrips.push(ms);
      if (this.roundTrips.length > ROUND_TRIPS) this.roundTrips.shift();
      return { same: true, ms: ms };
    }
    if (message.kind === 'binary' && this.awaited.length && comparable(this.awaited[0].message, message)) {
      return { same: false, differsAt: firstDifference(this.awaited[0].message.data, message.data) };
    }
    return null;
  };

  // last and median are of the round trips, in milliseconds.
  Echoes.prototype.last = function () {
    return this.roundTrips[this.roundTrips.length - 1];
  };

  Echoes.prototype.median = function () {
    var sorted = this.roundTrips.slice().sort(function (a, b) {
      return a - b;
    });
    var half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  };

  playground.messages = { now: now, text: textMessage, binary: binaryMessage, Echoes: Echoes };
})();
