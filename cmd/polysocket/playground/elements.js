// The little that the page asks of the document.
(function () {
  'use strict';

  function get(id) {
    return document.getElementById(id);
  }

  playground.elements = {
    get: get,

    make: function (tag, className, text) {
      var e = document.createElement(tag);
      if (className) e.className = className;
      if (text !== undefined) e.appendChild(document.createTextNode(text));
      return e;
    },

    // show sets a text that may be there already: assistive technology would else
    // read it again.
    show: function (id, text) {
      var e = get(id);
      if (e.textContent !== text) e.textContent = text;
    },

    // redraw fills an element anew, where the key of what it shows has changed.
    redraw: function (id, key, fill) {
      var e = get(id);
      if (e.getAttribute('data-shows') === key) return;
      e.setAttribute('data-shows', key);
      e.textContent = '';
      fill(e);
    },

    on: function (target, type, fn) {
      target.addEventListener(type, fn, false);
    },

    each: function (list, fn) {
      Array.prototype.forEach.call(list, fn);
    }
  };
})();
