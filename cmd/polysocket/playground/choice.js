// What the form chooses: the link to this page with it, and the lines that do the
// same elsewhere.
(function () {
  'use strict';

  var get = playground.elements.get;
  var each = playground.elements.each;

  // base is where the page is, with a slash at the end.
  var base = location.href.replace(/[?#].*$/, '').replace(/[^\/]*$/, '');

  function trimmed(text) {
    return text.trim();
  }

  function read() {
    var transport = document.querySelector('[name="transport"]:checked');
    return {
      target: trimmed(get('target').value),
      transport: transport ? transport.value : '',
      protocols: get('protocols').value.split(',').map(trimmed).filter(Boolean)
    };
  }

  // fromLink sets the form. What the link does not say is as at first.
  function fromLink() {
    var says = { target: get('target').defaultValue, transport: '', protocols: '' };
    location.hash
      .slice(1)
      .split('&')
      .forEach(function (pair) {
        var name = pair.split('=')[0];
        if (!Object.prototype.hasOwnProperty.call(says, name)) return;
        try {
          says[name] = decodeURIComponent(pair.slice(name.length + 1));
        } catch (_) {
          // A broken escape says nothing.
        }
      });
    get('target').value = says.target;
    get('protocols').value = says.protocols;
    var radios = document.getElementsByName('transport');
    radios[0].checked = true;
    each(radios, function (radio) {
      if (radio.value === says.transport) radio.checked = true;
    });
  }

  function toLink() {
    var choice = read();
    var parts = [];
    function add(name, value) {
      var legible = encodeURIComponent(value).replace(/%3A/g, ':').replace(/%2F/g, '/').replace(/%2C/g, ',');
      if (value) parts.push(name + '=' + legible);
    }
    if (choice.target !== get('target').defaultValue) add('target', choice.target);
    add('transport', choice.transport);
    add('protocols', choice.protocols.join(','));
    var link = parts.length ? '#' + parts.join('&') : '';
    if (link === location.hash) return;
    if (history.replaceState) history.replaceState(null, '', link || location.pathname + location.search);
    else location.replace(link || '#');
  }

  function quoted(text) {
    return "'" + text.replace(/[\\']/g, '\\$&').replace(/</g, '\\x3C') + "'";
  }

  function snippet() {
    var choice = read();
    var options = choice.transport ? '{ transports: [' + quoted(choice.transport) + '] }' : '';
    var protocols = choice.protocols.length ? ', [' + choice.protocols.map(quoted).join(', ') + ']' : '';
    return [
      '<script src="' + base + 'polysocket.min.js"></script>',
      '<script>',
      '  polysocket.install(' + options + ');',
      '  var socket = new WebSocket(' + quoted(choice.target) + protocols + ');',
      "  socket.onopen = function () { socket.send('hello'); };",
      '  socket.onmessage = function (event) { console.log(event.data); };',
      '</script>'
    ].join('\n');
  }

  function parameter(name, value) {
    return value ? '&' + name + '=' + encodeURIComponent(value).replace(/'/g, '%27') : '';
  }

  function curl() {
    var choice = read();
    var query = parameter('target', choice.target) + parameter('protocols', choice.protocols.join(','));
    return [
      "SOCKET=$(curl -s '" + base + 'create?from=curl' + query + '\' | sed \'s/.*"socket":"\\([^"]*\\)".*/\\1/\')',
      "curl -s -H 'Content-Type:' -d 'hello' \"" + base + 's/$SOCKET?t=t"',
      'curl -s "' + base + 'j/$SOCKET"',
      'curl -s -X POST "' + base + 's/$SOCKET?t=c&code=1000"'
    ].join('\n');
  }

  playground.choice = { base: base, read: read, fromLink: fromLink, toLink: toLink, snippet: snippet, curl: curl };
})();
