/*! polysocket 0.1.0 | MIT license | made from js/src by js/build.mjs */
'use strict';

// What stands here may be anything, and may be missing: it is looked up when it is used.
var scope = typeof globalThis === 'object'
    ? globalThis
    : typeof self === 'object'
        ? self
        : typeof window === 'object'
            ? window
            : Function('return this')();

/** The answer that an HTTP status and a body make. Where all is 200, the true status is in the body (protocol 1.5). */
function answerOf(status, body) {
    return { status: status && body && typeof body.status === 'number' ? body.status : status, body: body };
}
/** Writes parameters as a query has them. Those that are undefined are left out. */
function query(params) {
    var s = '';
    for (var name_1 in params) {
        var value = params[name_1];
        // A page may have added to what all objects inherit.
        if (value !== undefined && Object.prototype.hasOwnProperty.call(params, name_1))
            s += (s && '&') + name_1 + '=' + encodeURIComponent(value);
    }
    return s;
}
/** The sentence of an answer that is an error of the protocol's (any.error), or one that says what came instead. */
function sentence(answer) {
    if (answer.body && typeof answer.body.error === 'string')
        return answer.body.error;
    if (answer.status)
        return 'the answer has status ' + answer.status + ' and is not one of polysocket';
    return answer.late ? 'no answer came in time' : 'the request failed';
}
/**
 * How many milliseconds a request with a body of so many bytes may take: the relay may hold its answer for 10 s (protocol
 * up.answer), and the bytes need their time over a poor link.
 */
function upTimeout(bytes) {
    return 20000 + bytes / 8;
}

/** Whether there is no page to put a script element into. */
function scriptMissing() {
    return !(scope.document && scope.document.createElement);
}
/** Whether the page has not loaded yet, for which it waits for all its script elements. */
function pageLoads() {
    return scope.document.readyState !== 'complete';
}
var count = 0;
/**
 * An exchange by a script element (JSONP). It is a GET whatever the request says, and carries no body. It sees no answer
 * whose HTTP status is an error, so requests ask for 200 (protocol 1.5).
 */
var script = function (request, done, late) {
    var document = scope.document;
    var element = document.createElement('script');
    var callback = 'polysocket_' + Math.random().toString(36).slice(2) + '_' + ++count;
    var over = false;
    // The answer may still be on its way, and calls back what has to be there.
    function end() {
        over = true;
        clearTimeout(timer);
        scope[callback] = function () { };
    }
    function finish(answer) {
        if (over)
            return;
        end();
        done(answer);
    }
    function tidy() {
        element.onload = element.onerror = element.onreadystatechange = null;
        if (element.parentNode)
            element.parentNode.removeChild(element);
        try {
            delete scope[callback];
        }
        catch (e) {
            scope[callback] = undefined; // IE 8 deletes nothing of a window
        }
    }
    function loaded() {
        finish({ status: 0, body: null }); // unless it has called back
        tidy();
    }
    scope[callback] = function (body) {
        finish(answerOf(200, body));
    };
    var timer = setTimeout(function () {
        finish({ status: 0, body: null, late: true });
    }, request.timeout);
    // A page without referrer tells its origin all the same, and nothing more: the relay has to know it.
    element.referrerPolicy = 'origin';
    // Chromium has no more than ten scripts of low priority under way, and reads wait long.
    element.fetchPriority = 'high';
    element.async = true;
    element.charset = 'utf-8';
    element.onload = element.onerror = loaded;
    if (!('onload' in element)) {
        // IE 8 tells when a script was loaded, at times a little before it has run, and never that it was not.
        element.onreadystatechange = function () {
            if (/loaded|complete/.test(element.readyState))
                setTimeout(loaded, 50);
        };
    }
    try {
        element.src = request.url + '?' + request.params + '&cb=' + callback;
        (document.head || document.getElementsByTagName('head')[0] || document.documentElement).appendChild(element);
    }
    catch (e) {
        setTimeout(loaded, 0); // the page's policy forbids it
    }
    return function () {
        if (over)
            return;
        end();
        if (!late)
            return;
        var tell = late;
        scope[callback] = function (body) {
            tell(answerOf(200, body));
        };
    };
};

/** Whether this browser has an XMLHttpRequest that reaches other origins and carries bytes. */
function xhrMissing() {
    return !(typeof scope.XMLHttpRequest !== 'undefined' &&
        'withCredentials' in new scope.XMLHttpRequest() &&
        typeof scope.Uint8Array !== 'undefined');
}
/** An exchange by XMLHttpRequest, without credentials. */
var xhr = function (request, done) {
    var x = new scope.XMLHttpRequest();
    var timer;
    var over = false;
    function finish(answer) {
        if (over)
            return;
        over = true;
        clearTimeout(timer);
        x.onreadystatechange = null;
        done(answer);
    }
    function fail() {
        finish({ status: 0, body: null });
    }
    x.onreadystatechange = function () {
        if (x.readyState === 4)
            finish(answerOf(x.status, parse(x)));
        else if (x.readyState === 3)
            wait();
    };
    function wait() {
        clearTimeout(timer);
        timer = setTimeout(function () {
            finish({ status: 0, body: null, late: true });
            x.abort();
        }, request.timeout);
    }
    wait();
    try {
        if (request.post && !request.body) {
            x.open('POST', request.url, true);
            x.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
            x.send(request.params);
        }
        else {
            x.open(request.post ? 'POST' : 'GET', request.url + '?' + request.params, true);
            x.send(request.body || null);
        }
    }
    catch (e) {
        setTimeout(fail, 0); // the page's policy, or the browser's, forbids it
    }
    return function () {
        if (over)
            return;
        over = true;
        clearTimeout(timer);
        x.onreadystatechange = null;
        x.abort();
    };
};
function parse(x) {
    try {
        return JSON.parse(x.responseText);
    }
    catch (e) {
        return null;
    }
}

/**
 * Text and UTF-8. A string of JavaScript is a sequence of UTF-16 code units, and may hold halves of surrogate pairs that stand
 * alone. No UTF-8 stands for those, so all functions here take them for U+FFFD, as browsers do.
 */
/** The halves of surrogate pairs: first of all those that stand together, so that what else matches stands alone. */
var surrogates = /[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g;
/**
 * The string with U+FFFD for each surrogate that stands alone: the conversion to USVString of Web IDL, which the standard's
 * send() and close() begin with (https://webidl.spec.whatwg.org/#es-USVString).
 */
function wellFormed(s) {
    var text = Object(s);
    if (typeof text.toWellFormed === 'function') {
        return text.toWellFormed();
    }
    return s.replace(surrogates, function (found) { return (found.length === 2 ? found : '\ufffd'); });
}
/** How many bytes the string has in UTF-8. It allocates nothing. */
function utf8Length(s) {
    var length = s.length;
    for (var i = 0; i < s.length; i++) {
        var unit = s.charCodeAt(i);
        if (unit > 0x7f) {
            length += unit > 0x7ff ? 2 : 1;
            if (isPair(s, i)) {
                i++; // two units are four bytes
            }
        }
    }
    return length;
}
/** The string in UTF-8. It needs typed arrays. */
function utf8(s) {
    if (typeof TextEncoder !== 'undefined') {
        return new TextEncoder().encode(s);
    }
    var bytes = new Uint8Array(utf8Length(s));
    putByHand(s, bytes, 0);
    return bytes;
}
/**
 * Writes the string in UTF-8 into bytes, from the index at on, and tells the index behind it. The room must be there: see
 * utf8Length.
 */
function putUTF8(s, bytes, at) {
    var encoder = typeof TextEncoder !== 'undefined' && new TextEncoder();
    if (encoder && typeof encoder.encodeInto === 'function') {
        return at + encoder.encodeInto(s, bytes.subarray(at)).written;
    }
    return putByHand(s, bytes, at);
}
/** What putUTF8 is in engines without TextEncoder.encodeInto: RFC 3629 §3. */
function putByHand(s, bytes, at) {
    for (var i = 0; i < s.length; i++) {
        var point = s.charCodeAt(i);
        if (point < 0x80) {
            bytes[at++] = point;
            continue;
        }
        if (point < 0x800) {
            bytes[at++] = 0xc0 | (point >> 6);
        }
        else {
            if (isPair(s, i)) {
                point = 0x10000 + ((point & 0x3ff) << 10) + (s.charCodeAt(++i) & 0x3ff);
                bytes[at++] = 0xf0 | (point >> 18);
                bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
            }
            else {
                if ((point & 0xf800) === 0xd800) {
                    point = 0xfffd;
                }
                bytes[at++] = 0xe0 | (point >> 12);
            }
            bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
        }
        bytes[at++] = 0x80 | (point & 0x3f);
    }
    return at;
}
/** Whether a surrogate pair begins at the index i. */
function isPair(s, i) {
    return (s.charCodeAt(i) & 0xfc00) === 0xd800 && (s.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
}

/** The body of a send with `t=f` (send.frames in docs/protocol.md): many messages in one request. It needs typed arrays. */
/** The first byte of a frame that is a whole message, RFC 6455 §5.2: FIN, and the opcode. */
var first$1 = { t: 0x81, b: 0x82, c: 0x88 };
/**
 * A run of whole RFC 6455 messages, one frame each, not masked. The relay takes nothing of a run with a fault, so there is an
 * Error instead: for a part of a message, for what follows a close, and for a close with a code or a reason that a client may
 * not send.
 */
function batch(frames) {
    var payloads = []; // their lengths: counting text takes time
    var length = 0;
    for (var i = 0; i < frames.length; i++) {
        if (i > 0 && frames[i - 1].kind === 'c') {
            throw new Error('a frame follows the close: nothing may');
        }
        payloads.push(payloadLength(frames[i]));
        length += headerLength(payloads[i]) + payloads[i];
    }
    var body = new ArrayBuffer(length);
    var bytes = new Uint8Array(body);
    var at = 0;
    for (var i = 0; i < frames.length; i++) {
        bytes[at] = first$1[frames[i].kind];
        at = putPayload(frames[i], bytes, putLength(payloads[i], bytes, at + 1));
    }
    return body;
}
/** How many bytes the frame takes in a batch, its header included. It has the same Errors as batch, but for the order. */
function frameLength(frame) {
    var payload = payloadLength(frame);
    return headerLength(payload) + payload;
}
function headerLength(payload) {
    return payload < 126 ? 2 : payload < 0x10000 ? 4 : 10;
}
function payloadLength(frame) {
    if (frame.more) {
        throw new Error('a part of a message is no frame of a batch: send it by itself, with m=1');
    }
    var data = frame.data;
    var length = typeof data === 'string' && frame.kind !== 'b' ? utf8Length(data) : data.length;
    if (frame.kind !== 'c') {
        return length;
    }
    checkClose(codeOf(frame), length);
    return hasCode(frame) ? length + 2 : 0;
}
/** The payload's length as it follows the first byte, in its shortest form; no mask. It tells the index behind it. */
function putLength(length, bytes, at) {
    var extended = headerLength(length) - 2; // bytes
    bytes[at] = extended === 0 ? length : extended === 2 ? 126 : 127;
    for (var i = extended; i > 0; i--) {
        bytes[at + i] = length % 256;
        length = Math.floor(length / 256); // and not >>, which has 32 bits
    }
    return at + 1 + extended;
}
function putPayload(frame, bytes, at) {
    var data = frame.data;
    if (frame.kind === 'c' && hasCode(frame)) {
        bytes[at++] = codeOf(frame) >> 8;
        bytes[at++] = codeOf(frame) & 255;
    }
    if (typeof data !== 'string') {
        bytes.set(data, at);
        return at + data.length;
    }
    if (frame.kind !== 'b') {
        return putUTF8(data, bytes, at);
    }
    for (var i = 0; i < data.length; i++) {
        bytes[at++] = data.charCodeAt(i);
    }
    return at;
}
/** The code of a close, and 1005 where it has none, RFC 6455 §7.1.5. */
function codeOf(frame) {
    return frame.code === undefined ? 1005 : frame.code;
}
/** Whether a close says its code: 1005 is never in a frame. */
function hasCode(frame) {
    return codeOf(frame) !== 1005;
}
/** Holds a close to up.close-code of docs/protocol.md; reason is its length in bytes. */
function checkClose(code, reason) {
    if (code === 1005 && reason > 0) {
        throw new Error('a close reason needs a code');
    }
    if (code !== 1000 && code !== 1001 && code !== 1005 && !(code >= 3000 && code <= 4999 && code % 1 === 0)) {
        throw new Error('close code ' + code + ' is not allowed: use 1000, 1001 or 3000 to 4999');
    }
    if (reason > 123) {
        throw new Error('the close reason has ' + reason + ' bytes, and at most 123 are allowed');
    }
}

/**
 * The longest message that goes whole, in UTF-16 units or bytes. What is longer goes in parts of this length (protocol
 * up.continued), so that a poor link has no megabytes to repeat, and nobody on the way is asked to take a body that it
 * may find too large.
 */
var largest = 128 * 1024;
/** A way up that packs many messages into one body (protocol send.frames), and sends the parts of a long one alone. */
function batches(exchange) {
    return {
        many: true,
        cut: function (frame) {
            var data = frame.data;
            if (data.length <= largest)
                return data.length;
            return typeof data === 'string' && splits(data, largest) ? largest - 1 : largest;
        },
        send: function (at, parts, ack, done) {
            var first = parts[0];
            var params = {
                t: first.whole ? 'f' : first.kind,
                n: first.number,
                a: ack,
                status: 200,
            };
            if (first.more)
                params['m'] = 1;
            var body = first.whole ? batch(parts) : payload(first);
            return exchange({
                url: at.relay + '/s/' + at.socket,
                params: query(params),
                post: true,
                body: body,
                timeout: upTimeout(body.byteLength),
            }, done);
        },
    };
}
/** Whether a cut before the index would part a surrogate pair. */
function splits(text, index) {
    var before = text.charCodeAt(index - 1);
    return before >= 0xd800 && before < 0xdc00;
}
function payload(part) {
    var bytes = typeof part.data === 'string' ? utf8(part.data) : part.data;
    if (bytes.byteLength === bytes.buffer.byteLength)
        return bytes.buffer;
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

/**
 * Base64, RFC 4648 §4 and §5. Where an engine has Uint8Array.fromBase64 and toBase64, these do the work. Where it has not, it is
 * done by hand: that is as fast as atob and btoa, which want a second string of all bytes.
 */
var alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** The code of the character of each value, in the URL alphabet. */
var codes = [];
/** The value of each ASCII character in either alphabet, -1 where it is in none. */
var values = [];
for (var code = 0; code < 128; code++) {
    var letter = String.fromCharCode(code);
    values.push(letter === '+' ? 62 : letter === '/' ? 63 : alphabet.indexOf(letter));
}
for (var value = 0; value < 64; value++) {
    codes.push(alphabet.charCodeAt(value));
}
/**
 * How many bytes, and how many characters of base64 for them, are worked on at a time where a string is made: some engines take
 * no more arguments of a function than 65,535.
 */
var pieceBytes = 6144;
var pieceChars = 8192;
/** Base64 of the bytes in the URL alphabet and without padding, so that it may stand in a URL as it is. */
function encode(bytes) {
    var encoder = bytes;
    if (typeof encoder.toBase64 === 'function') {
        return encoder.toBase64({ alphabet: 'base64url', omitPadding: true });
    }
    var s = '';
    for (var from = 0; from < bytes.length; from += pieceBytes) {
        s += String.fromCharCode.apply(null, encodePiece(bytes, from, Math.min(from + pieceBytes, bytes.length)));
    }
    return s;
}
/** The codes of the characters for the bytes up to the index to. */
function encodePiece(bytes, from, to) {
    var chars = [];
    var i = from;
    for (; i + 3 <= to; i += 3) {
        var bits = (bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2];
        chars.push(codes[bits >> 18], codes[(bits >> 12) & 63], codes[(bits >> 6) & 63], codes[bits & 63]);
    }
    if (to - i === 1) {
        chars.push(codes[bytes[i] >> 2], codes[(bytes[i] & 3) << 4]);
    }
    else if (to - i === 2) {
        var bits = (bytes[i] << 8) | bytes[i + 1];
        chars.push(codes[bits >> 10], codes[(bits >> 4) & 63], codes[(bits & 15) << 2]);
    }
    return chars;
}
/**
 * The bytes that base64 stands for, in the standard or the URL alphabet, padded or not. What the relay would not take is an Error
 * here, too: characters of no alphabet or of both, space, wrong padding, a length that no bytes have. It needs typed arrays.
 */
function decode(s) {
    var bare = unpadded(s);
    var decoder = Uint8Array;
    if (typeof decoder.fromBase64 !== 'function') {
        var bytes_1 = new Uint8Array(decodedLength(bare));
        decodePiece(bare, 0, bare.length, bytes_1);
        return bytes_1;
    }
    var bytes;
    try {
        bytes = decoder.fromBase64(bare, { alphabet: isURL(bare) ? 'base64url' : 'base64' });
    }
    catch (_a) {
        throw strange();
    }
    return whole(bytes, bare);
}
/** What decode is in engines without typed arrays: it gives a string of one character a byte. */
function decodeToString(s) {
    var bare = unpadded(s);
    if (typeof atob === 'undefined') {
        var chars_1 = '';
        for (var from = 0; from < bare.length; from += pieceChars) {
            var bytes = [];
            decodePiece(bare, from, Math.min(from + pieceChars, bare.length), bytes);
            chars_1 += String.fromCharCode.apply(null, bytes);
        }
        return chars_1;
    }
    var chars;
    try {
        chars = atob(bare.replace(/-/g, '+').replace(/_/g, '/') + '=='.substring(0, -bare.length & 3));
    }
    catch (_a) {
        throw strange();
    }
    return whole(chars, bare);
}
/** Puts what the characters up to the index to stand for into bytes, from 0 on. They begin with a whole group of four. */
function decodePiece(bare, from, to, bytes) {
    var units = 0; // all of them together: over 127 where one is not ASCII
    var faults = 0; // negative where a character is in no alphabet
    var at = 0;
    var i = from;
    for (; i + 4 <= to; i += 4) {
        var a = bare.charCodeAt(i);
        var b = bare.charCodeAt(i + 1);
        var c = bare.charCodeAt(i + 2);
        var d = bare.charCodeAt(i + 3);
        var bits = (values[a] << 18) | (values[b] << 12) | (values[c] << 6) | values[d];
        units |= a | b | c | d;
        faults |= bits;
        bytes[at++] = (bits >> 16) & 255;
        bytes[at++] = (bits >> 8) & 255;
        bytes[at++] = bits & 255;
    }
    if (i < to) {
        var a = bare.charCodeAt(i);
        var b = bare.charCodeAt(i + 1);
        var c = i + 2 < to ? bare.charCodeAt(i + 2) : codes[0];
        var bits = (values[a] << 10) | (values[b] << 4) | (values[c] >> 2);
        units |= a | b | c;
        faults |= bits;
        bytes[at++] = (bits >> 8) & 255;
        if (i + 2 < to) {
            bytes[at++] = bits & 255;
        }
    }
    if (units > 127 || faults < 0) {
        throw strange();
    }
}
/** The base64 without its padding, once that, the length and the alphabet are known to be right. */
function unpadded(s) {
    var length = s.length;
    while (length > 0 && s.charAt(length - 1) === '=') {
        length--;
    }
    var padding = s.length - length;
    if (padding > 2 || (padding > 0 && s.length % 4 !== 0)) {
        throw new Error('base64 with the wrong padding');
    }
    if (length % 4 === 1) {
        throw new Error('base64 that is cut off: no bytes have ' + length + ' characters');
    }
    var bare = s.substring(0, length);
    if (isURL(bare) && (bare.indexOf('+') >= 0 || bare.indexOf('/') >= 0)) {
        throw new Error('base64 in two alphabets at once');
    }
    return bare;
}
function isURL(bare) {
    return bare.indexOf('-') >= 0 || bare.indexOf('_') >= 0;
}
function decodedLength(bare) {
    return Math.floor((bare.length / 4) * 3);
}
/**
 * Takes what the engine itself has decoded. It skips spaces and line breaks, so there are fewer bytes then than so many characters
 * stand for. Only one character behind whole groups of four would make no difference, and that length is refused before.
 */
function whole(decoded, bare) {
    if (decoded.length !== decodedLength(bare)) {
        throw strange();
    }
    return decoded;
}
function strange() {
    return new Error('not base64: it holds a character of no alphabet');
}

/** A way up whose requests are URLs: one message each, or one part of a message that is longer than a URL may be. */
function parts(exchange) {
    return {
        many: false,
        stays: true,
        cut: function (frame) {
            var room = urlRoom();
            if (typeof frame.data === 'string')
                return fit(frame.data, room);
            return Math.min(frame.data.length, Math.floor((room * 3) / 4));
        },
        send: function (at, parts, ack, done) {
            var part = parts[0];
            var params = {
                t: part.kind,
                n: part.number,
                a: ack,
                status: 200,
            };
            if (part.kind === 'c') {
                if (part.code !== 1005) {
                    params['code'] = part.code;
                    params['reason'] = part.data;
                }
            }
            else {
                if (part.more)
                    params['m'] = 1;
                params['d'] = typeof part.data === 'string' ? part.data : encode(part.data);
            }
            return exchange({ url: at.relay + '/s/' + at.socket, params: query(params), post: true, timeout: upTimeout(part.size) }, done);
        },
    };
}
/**
 * How many characters of a URL the data may take. IE takes 2,083 in all; elsewhere it is servers and proxies, of which
 * many stop at 8 KiB.
 */
function urlRoom() {
    return scope.document && scope.document.documentMode ? 1600 : 7000;
}
/** How many UTF-16 units of a well-formed text fit into room characters once they are encoded as a URL has them. */
function fit(text, room) {
    var i = 0;
    while (i < text.length) {
        var unit = text.charCodeAt(i);
        var pair = unit >= 0xd800 && unit < 0xdc00;
        room -= unit < 0x80 ? (plain(unit) ? 1 : 3) : unit < 0x800 ? 6 : pair ? 12 : 9;
        if (room < 0)
            return i;
        i += pair ? 2 : 1;
    }
    return i;
}
/** Whether encodeURIComponent leaves an ASCII character as it is: letters, digits, and -_.!~*'(). */
function plain(unit) {
    return ((unit >= 97 && unit <= 122) ||
        (unit >= 65 && unit <= 90) ||
        (unit >= 48 && unit <= 57) ||
        "-_.!~*'()".indexOf(String.fromCharCode(unit)) >= 0);
}

/** The answers of `/j` (docs/protocol.md §1.4, and down.seq), made into frames. */
/**
 * Reads the JSON value of an answer, leaving out heartbeats. Nothing else is left out: an answer that is not what the protocol
 * says, such as a proxy's page, or that holds a message of an unknown type, is an Error that names what is wrong, and none of it
 * is used. Else its messages would be acknowledged, and lost.
 */
function read$1(body) {
    if (!isObject(body)) {
        throw new Error('the answer is no JSON object but ' + describe$1(body));
    }
    if (body.ok !== true) {
        throw new Error('the answer has no "ok":true' + (typeof body.error === 'string' ? ': ' + body.error : ''));
    }
    var seq = body.seq;
    if (!isWhole(seq, 1, 0x1fffffffffffff)) {
        throw new Error('the answer\'s "seq" is no number of a message but ' + describe$1(seq));
    }
    var messages = body.messages;
    if (!isArray(messages)) {
        throw new Error('the answer\'s "messages" are no list but ' + describe$1(messages));
    }
    var frames = [];
    for (var i = 0; i < messages.length; i++) {
        var frame = void 0;
        try {
            frame = readMessage(messages[i]);
        }
        catch (error) {
            throw new Error('message ' + (i + 1) + ' of ' + messages.length + ' in the answer: ' + error.message);
        }
        if (frame) {
            if (frames.length > 0 && frames[frames.length - 1].kind === 'c') {
                throw new Error('message ' + (i + 1) + ' of ' + messages.length + ' in the answer follows the close');
            }
            frames.push(frame);
        }
    }
    return { seq: seq, frames: frames };
}
/** The frame of a message, and null of a heartbeat. */
function readMessage(message) {
    if (!isObject(message)) {
        throw new Error('no JSON object but ' + describe$1(message));
    }
    switch (message.type) {
        case 'heartbeat':
            return null;
        case 'text':
            return { kind: 't', data: stringOf(message, 'data') };
        case 'binary':
            return { kind: 'b', data: bytesOf(stringOf(message, 'data')) };
        case 'close':
            if (!isWhole(message.code, 0, 0xffff)) {
                throw new Error('its "code" is no close code but ' + describe$1(message.code));
            }
            if (typeof message.wasClean !== 'boolean') {
                throw new Error('its "wasClean" is no boolean but ' + describe$1(message.wasClean));
            }
            return { kind: 'c', data: stringOf(message, 'reason'), code: message.code, wasClean: message.wasClean };
    }
    throw new Error('its "type" is none that is known but ' + describe$1(message.type));
}
function bytesOf(base64) {
    return typeof Uint8Array === 'undefined' ? decodeToString(base64) : decode(base64);
}
function stringOf(message, name) {
    var value = message[name];
    if (typeof value !== 'string') {
        throw new Error('its "' + name + '" is no string but ' + describe$1(value));
    }
    return value;
}
function isObject(value) {
    return typeof value === 'object' && value !== null && !isArray(value);
}
function isArray(value) {
    return Object.prototype.toString.call(value) === '[object Array]';
}
function isWhole(value, min, max) {
    return typeof value === 'number' && value >= min && value <= max && value % 1 === 0;
}
/** Says what a value is, for an error: how a text begins, the number, else what it is at all. */
function describe$1(value) {
    if (typeof value === 'string') {
        return JSON.stringify(value.length > 60 ? value.substring(0, 60) + '...' : value);
    }
    if (typeof value === 'number' || typeof value === 'boolean' || !value) {
        return String(value);
    }
    return isArray(value) ? 'a list' : 'an object';
}

/** How many milliseconds an answer may be late, beyond what the relay was allowed to wait (see longRead in reader.ts). */
var margin = 7000;
/**
 * Long-polling (protocol 1.4): each request brings what waits, or waits for something; but it does not wait while hurried
 * says so.
 */
function poll(exchange, hurried) {
    return {
        read: function (at, ack, ttl, receiver) {
            if (hurried && hurried())
                ttl = 0;
            var params = query({ a: ack, ttl: ttl, status: 200 });
            return exchange({ url: at.relay + '/j/' + at.socket, params: params, timeout: ttl + margin }, function (answer) {
                if (answer.status === 200) {
                    var messages = void 0;
                    try {
                        messages = read$1(answer.body);
                    }
                    catch (e) {
                        // A page of somebody on the way, who answers in the relay's place.
                        return receiver.done({ status: 0, body: { error: e.message } });
                    }
                    receiver.received(messages.seq, messages.frames);
                }
                receiver.done(answer);
            });
        },
    };
}

/** The transports through a relay. `websocket` is none of them: it goes past the relay. */
var transports = {
    xhr: { missing: xhrMissing, exchange: xhr, up: batches(xhr), down: poll(xhr) },
    jsonp: { missing: scriptMissing, exchange: script, up: parts(script), down: poll(script, pageLoads) },
};

/** What is longer than 2^31 - 1 ms runs out at once. */
var longestTimer = 0x7fffffff;
var known = ['websocket', 'stream', 'sse', 'xhr', 'jsonp'];
// A script element names its place while it runs, and not afterwards.
var ownScript = scriptURL();
/** Looks at options. A TypeError says what is wrong with them, and what would be right. */
function configure(options, native) {
    var o = options || {};
    var routers = routersOf(o.router);
    var timeout = o.timeout === undefined ? 12000 : o.timeout;
    if (typeof timeout !== 'number' || !(timeout > 0))
        wrong('timeout is ' + timeout + ': give it milliseconds, as 12000');
    if (o.token !== undefined && typeof o.token !== 'string' && typeof o.token !== 'function') {
        wrong('token is a ' + typeof o.token + ': give it a string, or a function that gives one or a promise of one');
    }
    return {
        routers: routers,
        turn: Math.floor(Math.random() * routers.length),
        token: o.token,
        transports: transportsOf(o.transports),
        timeout: Math.min(timeout, longestTimer),
        native: native,
    };
}
function routersOf(router) {
    if (router === undefined) {
        if (!ownScript)
            wrong("router is missing: say where it is, as router: 'https://relay.example.com'");
        router = ownScript;
    }
    var list = typeof router === 'string' ? [router] : router;
    if (!list || !list.length)
        wrong('router is empty: give it a base URL, or a list of them');
    var bases = [];
    for (var i = 0; i < list.length; i++) {
        var base = absolute(String(list[i]));
        if (!/^https?:\/\/[^\/?#]+[^?#]*$/i.test(base)) {
            wrong("router '" + list[i] + "' is no base URL: give it as 'https://relay.example.com', without ? and #");
        }
        bases.push(base.replace(/\/+$/, ''));
    }
    return bases;
}
function transportsOf(names) {
    var built = [];
    var list = names || known;
    for (var i = 0; i < list.length; i++) {
        var name_1 = list[i];
        var isKnown = false;
        for (var j = 0; j < known.length; j++)
            if (known[j] === name_1)
                isKnown = true;
        if (!isKnown)
            wrong("transport '" + name_1 + "' is unknown: there are " + known.join(', '));
        if (name_1 === 'websocket' || transports[name_1])
            built.push(name_1);
    }
    if (!built.length)
        wrong('transports has none that this version knows: give it some of websocket, xhr, jsonp');
    return built;
}
/** A URL that may be relative to the page. */
function absolute(url) {
    if (/^[a-z][a-z0-9+.\-]*:/i.test(url))
        return url;
    if (!scope.document)
        return typeof scope.URL === 'function' && scope.location ? new scope.URL(url, scope.location.href).href : url;
    var a = scope.document.createElement('a');
    a.href = url;
    return a.href;
}
/** The folder that the script element of polysocket.js came from; undefined where it is part of another script. */
function scriptURL() {
    var document = scope.document;
    if (!document)
        return undefined;
    var element = document.currentScript;
    if (element === undefined) {
        // IE has it not. There, it is the last that the page has so far.
        var scripts = document.getElementsByTagName('script');
        element = scripts[scripts.length - 1];
    }
    var match = element && /^(https?:.*)\/polysocket(\.min)?\.js([?#].*)?$/.exec(element.src);
    return match ? match[1] : undefined;
}
function wrong(what) {
    throw new TypeError('polysocket: ' + what);
}

var interfaces = { message: 'MessageEvent', close: 'CloseEvent' };
/** The browser's own EventTarget; null where scripts cannot make one. */
function nativeBase() {
    try {
        new scope.EventTarget();
        new scope.MessageEvent('message');
        new scope.CloseEvent('close');
    }
    catch (e) {
        return null;
    }
    return {
        prototype: scope.EventTarget.prototype,
        construct: function (prototype) {
            var target = new scope.EventTarget();
            Object.setPrototypeOf(target, prototype);
            return target;
        },
        fire: function (at, type, init) {
            at.dispatchEvent(new scope[interfaces[type] || 'Event'](type, init));
        },
    };
}
/** A base for engines that have none. Where is the list of an object's listeners kept, the caller says. */
function ownBase(listenersOf) {
    var prototype = inherit(scope.EventTarget && scope.EventTarget.prototype);
    prototype.addEventListener = function (type, callback, options) {
        if (callback === null || callback === undefined)
            return;
        var list = listenersOf(this);
        var capture = captures(options);
        for (var i = 0; i < list.length; i++) {
            var l = list[i];
            if (l.type === '' + type && l.callback === callback && l.capture === capture && !l.removed)
                return;
        }
        var once = !!(options && typeof options === 'object' && options.once);
        list.push({ type: '' + type, callback: callback, capture: capture, once: once, removed: false });
    };
    prototype.removeEventListener = function (type, callback, options) {
        var list = listenersOf(this);
        for (var i = 0; i < list.length; i++) {
            var l = list[i];
            if (l.type === '' + type && l.callback === callback && l.capture === captures(options)) {
                l.removed = true;
                list.splice(i, 1);
                return;
            }
        }
    };
    prototype.dispatchEvent = function (event) {
        define$1(event, { target: this, srcElement: this, currentTarget: this, eventPhase: 2 });
        dispatch(this, event);
        define$1(event, { currentTarget: null, eventPhase: 0 });
        return !event.defaultPrevented;
    };
    function dispatch(at, event) {
        var list = listenersOf(at).slice();
        for (var i = 0; i < list.length && !event.cancelBubbleNow; i++) {
            var l = list[i];
            if (l.type !== event.type || l.removed)
                continue;
            if (l.once)
                at.removeEventListener(l.type, l.callback, l.capture);
            try {
                if (typeof l.callback === 'function')
                    l.callback.call(at, event);
                else
                    l.callback.handleEvent(event);
            }
            catch (e) {
                report(e);
            }
        }
    }
    return {
        prototype: prototype,
        construct: function (_prototype, made) {
            return made;
        },
        fire: function (at, type, init) {
            var Interface = scope[interfaces[type] || 'Event'];
            var event = inherit(Interface && Interface.prototype);
            define$1(event, {
                type: type,
                bubbles: false,
                cancelable: false,
                defaultPrevented: false,
                isTrusted: false,
                timeStamp: new Date().getTime(),
                preventDefault: function () { },
                stopPropagation: function () { },
                stopImmediatePropagation: function () {
                    event.cancelBubbleNow = true;
                },
            });
            define$1(event, init);
            at.dispatchEvent(event);
        },
    };
}
function captures(options) {
    return options && typeof options === 'object' ? !!options.capture : !!options;
}
/** An object that inherits from another, where there is one. */
function inherit(prototype) {
    if (!prototype)
        return {};
    if (Object.create)
        return Object.create(prototype);
    function Made() { }
    Made.prototype = prototype;
    return new Made();
}
/** Sets properties, also where a prototype has accessors of their names that do not work here. */
function define$1(object, properties) {
    for (var name_1 in properties) {
        if (!Object.prototype.hasOwnProperty.call(properties, name_1))
            continue;
        try {
            Object.defineProperty(object, name_1, {
                value: properties[name_1],
                writable: true,
                configurable: true,
                enumerable: true,
            });
        }
        catch (e) {
            try {
                object[name_1] = properties[name_1];
            }
            catch (e) {
                // An event of the browser's own, which has its target for itself.
            }
        }
    }
}
/** Tells the page of an exception, as browsers do of one in a listener, and goes on. */
function report(e) {
    if (typeof scope.reportError === 'function')
        scope.reportError(e);
    else
        setTimeout(function () {
            throw e;
        }, 0);
}

/* How an interface of Web IDL's stands in JavaScript (Web IDL §3.7): attributes, operations, constants. */
/** Whether objects can have accessors. IE 8 has them on nodes only. */
var accessors = (function () {
    try {
        return Object.defineProperty({}, 'a', { get: Object }).a !== undefined;
    }
    catch (e) {
        return false;
    }
})();
/**
 * An attribute. Where there are no accessors it is a property of each object, which somebody has to set whenever it
 * changes; and the prototype has what it begins with, unless that is undefined.
 */
function attribute(prototype, name, initial, get, set) {
    if (accessors)
        Object.defineProperty(prototype, name, { get: get, set: set, enumerable: true, configurable: true });
    else if (initial !== undefined)
        prototype[name] = initial;
}
/** An operation, and how many arguments it must be given. */
function operation(prototype, name, length, run) {
    prototype[name] = run;
    describe(run, 'length', length);
}
/** The name of an interface, on its interface object and in String(object). */
function named(Interface, name) {
    describe(Interface, 'name', name);
    if (typeof scope.Symbol === 'function' && scope.Symbol.toStringTag) {
        describe(Interface.prototype, scope.Symbol.toStringTag, name);
    }
}
/** An interface object inherits from that of its parent, where there is one and it can. */
function inheritFrom(Interface, parent) {
    var setPrototypeOf = Object.setPrototypeOf;
    if (setPrototypeOf && parent)
        setPrototypeOf(Interface, parent);
}
/** A property that nobody changes. */
function fixed(object, name, value, enumerable) {
    if (accessors)
        Object.defineProperty(object, name, { value: value, writable: false, enumerable: !!enumerable });
    else
        object[name] = value;
}
/** A property that no loop finds. */
function hidden(object, name, value) {
    if (accessors)
        Object.defineProperty(object, name, { value: value, writable: true, configurable: true, enumerable: false });
    else
        object[name] = value;
}
function describe(object, name, value) {
    if (!accessors)
        return;
    try {
        Object.defineProperty(object, name, { value: value, configurable: true });
    }
    catch (e) {
        // The name and the length of a function could not be changed before ES2015.
    }
}

/** A queue whose shift costs the same however long it is, which an array's does not. */
var Fifo = /** @class */ (function () {
    function Fifo() {
        this.items = [];
        this.gone = 0;
    }
    Fifo.prototype.length = function () {
        return this.items.length - this.gone;
    };
    Fifo.prototype.push = function (item) {
        this.items.push(item);
    };
    /** The first; undefined where there is none. */
    Fifo.prototype.first = function () {
        return this.items[this.gone];
    };
    /** Takes the first out. */
    Fifo.prototype.shift = function () {
        var item = this.items[this.gone];
        if (this.gone < this.items.length)
            this.items[this.gone++] = undefined;
        if (this.gone * 2 > this.items.length) {
            this.items = this.items.slice(this.gone);
            this.gone = 0;
        }
        return item;
    };
    return Fifo;
}());

/*
 * The standard queues a task for each event of a socket (WHATWG WebSockets §6), and what awaits one event is to run
 * before the next: so events that came in one answer must not be fired in one go. A timer would do, but browsers let
 * timers that nest wait for 4 ms; a message to ourselves takes none.
 */
var queue = new Fifo();
var post;
/** Calls run in a task of its own, after all that were queued before. */
function queueTask(run) {
    queue.push(run);
    if (!post)
        post = poster();
    post();
}
function next() {
    var run = queue.shift();
    if (run)
        run();
}
function poster() {
    if (typeof scope.MessageChannel === 'function') {
        var channel_1 = new scope.MessageChannel();
        channel_1.port1.onmessage = next;
        if (channel_1.port1.unref)
            channel_1.port1.unref(); // Node would wait for it
        return function () {
            channel_1.port2.postMessage(0);
        };
    }
    return function () {
        setTimeout(next, 0);
    };
}

/** The version of this client, as package.json has it. */
var version = '0.1.0';

/** How often each router is asked, and how long to wait before it is asked again, in milliseconds. */
var rounds = 2;
var pause$1 = 300;
/** The least time that a router is given, in milliseconds, where the wait is shared by many. */
var least = 3000;
/** Has a socket opened (protocol 1.1). It asks the routers one after the other, until one gives it an answer. */
function create$1(config, wish, exchange, clock, on) {
    var routers = config.routers;
    var start = config.turn++;
    var timeout = Math.max(config.timeout / routers.length, Math.min(least, config.timeout));
    var params = query({
        from: 'polysocketjs-v' + version,
        target: wish.target,
        protocols: wish.protocols.length ? wish.protocols.join(',') : undefined,
        token: wish.token,
        nonce: wish.nonce,
    });
    var tries = 0;
    var cancel;
    function ask() {
        var router = routers[(start + tries++) % routers.length];
        var request = { url: router + '/create', params: params, post: true, timeout: timeout };
        cancel = exchange(request, function (answer) {
            took(router, answer);
        }, function (answer) {
            var at = created(router, answer.body || {});
            if (at)
                close$1(at, exchange);
        });
    }
    function took(router, answer) {
        var body = answer.body || {};
        var at = created(router, body);
        if (at)
            return on.created(at, body.protocol || '', router);
        var said = body.ok === false && typeof body.code === 'string';
        // One that has no relay, or is ill, says nothing about the others.
        var others = tries < routers.length;
        if (said && !(others && (body.code === 'no_relay' || body.code === 'internal'))) {
            return on.refused(body.code, sentence(answer));
        }
        if (answer.late && !others)
            return on.failed('hung', sentence(answer));
        if (others)
            return ask();
        if (tries >= rounds * routers.length)
            return on.failed('refused', sentence(answer));
        cancel = clock.after(pause$1 * (0.5 + clock.random()), ask);
    }
    ask();
    return function () {
        cancel();
    };
}
/** Where the socket is that an answer tells of; null where it tells of none. */
function created(router, body) {
    if (body.ok !== true || typeof body.polysocketd !== 'string' || typeof body.socket !== 'string')
        return null;
    var parts = /^(https?:\/\/)([^\/]*)(.*)$/i.exec(router);
    // One process that is router and relay has both below the same path.
    var path = body.polysocketd === parts[2] ? parts[3] : '';
    return { relay: parts[1] + body.polysocketd + path, socket: body.socket };
}
/** Closes a socket that nobody wants any more. */
function close$1(at, exchange) {
    var params = query({ t: 'c', code: 1000, status: 200 });
    exchange({ url: at.relay + '/s/' + at.socket, params: params, post: true, timeout: 10000 }, function () { });
}
/** Asks a router whether a relay is alive (protocol 1.2); null where there is no answer. */
function alive(router, at, exchange, tell) {
    var params = query({ host: at.relay.split('/')[2] });
    return exchange({ url: router + '/relay', params: params, timeout: 10000 }, function (answer) {
        var body = answer.body;
        tell(body && typeof body.alive === 'boolean' ? body.alive : null);
    });
}
/** A word of 128 random bits. */
function newNonce(clock) {
    var crypto = scope.crypto || scope.msCrypto;
    var s = '';
    if (crypto && crypto.getRandomValues && typeof scope.Uint8Array === 'function') {
        var bytes = crypto.getRandomValues(new scope.Uint8Array(16));
        for (var i = 0; i < 16; i++)
            s += (bytes[i] + 256).toString(16).slice(1);
        return s;
    }
    while (s.length < 32)
        s += clock.random().toString(16).slice(2, 10);
    return s.slice(0, 32);
}

var clock = {
    now: function () {
        return new Date().getTime();
    },
    after: function (milliseconds, run) {
        var timer = setTimeout(run, milliseconds);
        return function () {
            clearTimeout(timer);
        };
    },
    soon: function (run) {
        if (typeof scope.Promise === 'function')
            scope.Promise.resolve().then(run);
        else
            setTimeout(run, 0);
    },
    random: Math.random,
};

/** Opens the browser's own WebSocket, and gives it up where it is not open in time. */
function openNative(Native, url, protocols, timeout, clock, on) {
    var native;
    try {
        native = protocols.length ? new Native(url, protocols) : new Native(url);
    }
    catch (e) {
        // An engine of before the standard, or a page that may not.
        return clock.after(0, function () {
            on.failed('refused');
        });
    }
    function stop() {
        stopTimer();
        native.onopen = native.onerror = native.onclose = null;
        native.close();
    }
    var stopTimer = clock.after(timeout, function () {
        stop();
        on.failed('hung');
    });
    native.binaryType = 'arraybuffer';
    native.onclose = native.onerror = function () {
        stop();
        on.failed('refused');
    };
    native.onopen = function () {
        stopTimer();
        on.opened(connection(native), native.protocol, native.extensions);
    };
    return stop;
}
function connection(native) {
    return {
        listen: function (on) {
            var failed = false;
            native.onmessage = function (event) {
                var text = typeof event.data === 'string';
                on.message({ kind: text ? 't' : 'b', data: text ? event.data : new Uint8Array(event.data) });
            };
            native.onerror = function () {
                failed = true;
            };
            native.onclose = function (event) {
                on.closed(event.code, event.reason, event.wasClean, failed, '');
            };
        },
        send: function (data) {
            native.send(data);
        },
        close: function (code, reason) {
            if (code === 1005)
                native.close();
            else
                native.close(code, reason);
        },
        buffered: function () {
            return native.bufferedAmount;
        },
    };
}

/* A page that goes away closes its sockets, as browsers do with native ones (WHATWG WebSockets §5, "make disappear"). */
var leaving = [];
var listening = false;
/** Calls run when the page goes away. It has to be done when it returns: nothing of the page may run after it. */
function onPageHide(run) {
    listen();
    leaving.push(run);
    return function () {
        var rest = [];
        for (var i = 0; i < leaving.length; i++)
            if (leaving[i] !== run)
                rest.push(leaving[i]);
        leaving = rest;
    };
}
function listen() {
    if (listening)
        return;
    listening = true;
    // Engines without pagehide have unload. It is not listened to where there is the other: a page with an unload listener
    // is never kept for the back button.
    var type = 'onpagehide' in scope ? 'pagehide' : 'unload';
    if (scope.addEventListener)
        scope.addEventListener(type, leave, false);
    else if (scope.attachEvent)
        scope.attachEvent('on' + type, leave);
}
function leave() {
    var all = leaving;
    leaving = [];
    for (var i = 0; i < all.length; i++)
        all[i]();
}

// How many bytes the bodies of requests that outlive their page may have, all of them together: the standard says 64 KiB
// (Fetch, "HTTP-network-or-cache fetch").
var room = 60 * 1024;
/** How many bytes the body of a beacon may have now. */
function beaconRoom() {
    return room;
}
/**
 * Sends a POST that outlives its page, and tells nothing of what becomes of it. Without a body it may be a GET, made by an
 * image. The answer is whether it was sent.
 */
function beacon(url, params, body) {
    var whole = url + '?' + params;
    var length = body ? body.byteLength : 0;
    if (length > room)
        return false;
    try {
        if (keepalive()) {
            var init = { method: 'POST', keepalive: true, credentials: 'omit', body: body };
            var back = function () {
                room += length;
            };
            scope.fetch(whole, init).then(back, back);
            room -= length;
            return true;
        }
        if (scope.navigator && scope.navigator.sendBeacon && scope.navigator.sendBeacon(whole, body)) {
            room -= length;
            return true;
        }
    }
    catch (e) {
        // The page's policy forbids it.
    }
    if (body || !scope.Image)
        return false;
    new scope.Image().src = whole + '&cb=polysocket';
    return true;
}
function keepalive() {
    return typeof scope.fetch === 'function' && scope.Request && 'keepalive' in scope.Request.prototype;
}

/** The waits between tries, in milliseconds: the first, and the longest. */
var first = 100;
var longest = 5000;
/** How long requests may fail, in milliseconds: the grace period after which a relay has closed the socket anyway. */
var grace = 30000;
/** Retry says when to try again what has failed, and when it is in vain. */
var Retry = /** @class */ (function () {
    function Retry(clock) {
        this.clock = clock;
        /** How often it has failed since it last went well. */
        this.failures = 0;
        this.since = 0;
    }
    /** It went well. */
    Retry.prototype.ok = function () {
        this.failures = 0;
    };
    /** It has failed. The answer is how many milliseconds to wait before the next try; null where it is in vain by now. */
    Retry.prototype.failed = function () {
        if (!this.failures++)
            this.since = this.clock.now();
        if (this.clock.now() - this.since > grace)
            return null;
        // Full jitter, but for a little: clients that were cut off together do not come back together.
        var wait = Math.min(longest, first * Math.pow(2, this.failures - 1));
        return wait / 4 + this.clock.random() * wait * 0.75;
    };
    return Retry;
}());

/**
 * The longest and the shortest time that the relay may wait before it answers a read, in milliseconds. A read that is lost
 * without a trace has to be made again before the relay's grace period is over, which is 30 s.
 */
var longRead = 20000;
var shortRead = 1000;
/** How long to wait, in milliseconds, after an answer that has brought nothing, and took less than that. */
var pause = 200;
/** A reader is the way down: it reads, and reads again, and lets each message pass once. */
var Reader = /** @class */ (function () {
    function Reader(o) {
        this.o = o;
        /** The number of the last message that came. */
        this.ack = 0;
        this.ttl = longRead;
        this.cancel = null;
        this.ended = false;
        this.retry = new Retry(o.clock);
    }
    /** Begins. Nothing is told before. */
    Reader.prototype.start = function () {
        this.read();
    };
    Reader.prototype.end = function () {
        this.ended = true;
        if (this.cancel)
            this.cancel();
    };
    Reader.prototype.read = function () {
        var self = this;
        var asked = this.o.clock.now();
        var fruitful = false;
        this.cancel = this.o.down.read(this.o.at, this.ack, this.ttl, {
            received: function (seq, frames) {
                var before = self.ack;
                self.received(seq, frames);
                if (self.ack > before)
                    fruitful = true;
            },
            done: function (answer) {
                if (!self.ended)
                    self.done(answer, fruitful, self.o.clock.now() - asked);
            },
        });
    };
    Reader.prototype.received = function (seq, frames) {
        for (var i = 0; i < frames.length && !this.ended; i++) {
            var number = seq + i;
            if (number <= this.ack)
                continue; // it came before, and the acknowledgement did not arrive
            if (number > this.ack + 1)
                return this.o.on.lost('message ' + (this.ack + 1) + ' is missing: the next is ' + number);
            this.ack = number;
            var frame = frames[i];
            if (frame.kind === 'c')
                this.end();
            this.o.on.frame(frame);
        }
    };
    Reader.prototype.done = function (answer, fruitful, took) {
        var code = answer.body && answer.body.code;
        if (answer.status === 200) {
            this.retry.ok();
            if (took >= this.ttl)
                this.ttl = Math.min(longRead, Math.ceil(this.ttl * 1.1)); // it may be longer again
            // Nothing new, and at once, has a read that one of ours superseded which was late, or whoever is on the way and repeats.
            if (fruitful || took > pause)
                this.read();
            else
                this.after(pause);
        }
        else if (code === 'no_socket' || code === 'bad_request') {
            this.o.on.lost(sentence(answer), code === 'no_socket');
        }
        else {
            // Whoever cuts requests that wait may let shorter ones live.
            if (took > shortRead)
                this.ttl = Math.max(shortRead, Math.round(Math.min(this.ttl, took) / 2));
            var wait = this.retry.failed();
            if (wait === null)
                return this.o.on.lost('reading failed for too long: ' + sentence(answer));
            this.after(wait);
            this.o.on.failing(this.retry.failures);
        }
    };
    Reader.prototype.after = function (wait) {
        var self = this;
        this.cancel = this.o.clock.after(wait, function () {
            self.read();
        });
    };
    return Reader;
}());

/** The relay's window (protocol up.window): so many numbers, and bytes, may be ahead of what it has passed on. */
var windowNumbers = 64;
var windowBytes = 256 * 1024;
/**
 * The outbox keeps what the page has sent until the relay has passed it on. A message is cut and gets its numbers when it
 * is first taken to be sent, and keeps them: a number may have arrived although its request failed, and the first copy
 * of it counts.
 *
 *     push ─▶ queue ── take ─▶ flight ── answered ─▶ forgotten
 *                                 ▲ │ take again
 *                          failed └─┘
 */
var Outbox = /** @class */ (function () {
    function Outbox() {
        /** How many bytes of the page's data are not passed on yet. */
        this.buffered = 0;
        this.queue = new Fifo();
        /** How much of the first of the queue was cut off already, in UTF-16 units or bytes. */
        this.cutOff = 0;
        /** What has a number, in its order, beginning with passed + 1. */
        this.flight = [];
        this.flightBytes = 0;
        this.passed = 0;
    }
    Outbox.prototype.push = function (frame) {
        this.queue.push(frame);
        if (frame.kind !== 'c')
            this.buffered += size(frame);
    };
    /**
     * Takes what goes into the next request: parts whose numbers follow one another, none of which is in a request now.
     * Empty where there are none, or where they have to wait for the window.
     */
    Outbox.prototype.take = function (shape) {
        var taken = [];
        for (var i = 0; i < this.flight.length && goesWith(taken, this.flight[i].part, shape); i++) {
            if (!this.flight[i].out)
                taken.push(this.mark(i));
            else if (taken.length)
                return taken;
        }
        while (this.queue.length() && this.flight.length < windowNumbers) {
            var part = this.next(shape);
            if (!goesWith(taken, part, shape))
                break;
            if (this.flight.length && this.flightBytes + part.size > windowBytes)
                break;
            this.number(part);
            taken.push(this.mark(this.flight.length - 1));
        }
        return taken;
    };
    /** The relay has answered a request of these parts, and has passed on all numbers up to n. */
    Outbox.prototype.answered = function (parts, n) {
        while (this.flight.length && this.flight[0].part.number <= n) {
            var part = this.flight.shift().part;
            this.passed = part.number;
            this.flightBytes -= part.size;
            if (part.kind !== 'c')
                this.buffered -= part.size;
        }
        this.failed(parts);
    };
    /** A request of these parts has come to nothing: what is not passed on is to be sent again. */
    Outbox.prototype.failed = function (parts) {
        for (var i = 0; i < parts.length; i++) {
            var entry = this.flight[parts[i].number - this.passed - 1];
            if (entry && parts[i].number > this.passed)
                entry.out = false;
        }
    };
    /**
     * Everything that is not passed on, as one run of whole messages; null where a message has begun to go in parts, or
     * where the run has more than so many bytes. It is numbered from there on, and counts as being in a request.
     */
    Outbox.prototype.rest = function (limit) {
        var all = [];
        var everything = {
            many: true,
            cut: function (frame) {
                return frame.data.length;
            },
        };
        if (this.cutOff || this.buffered > limit)
            return null;
        while (this.queue.length())
            this.number(this.next(everything));
        for (var i = 0, bytes = 0; i < this.flight.length; i++) {
            var part = this.mark(i);
            if (!part.whole)
                return null;
            bytes += frameLength(part);
            if (bytes > limit)
                return null;
            all.push(part);
        }
        return all;
    };
    Outbox.prototype.mark = function (index) {
        this.flight[index].out = true;
        return this.flight[index].part;
    };
    /** What would be cut off the queue next. */
    Outbox.prototype.next = function (shape) {
        var frame = this.queue.first();
        var rest = this.cutOff ? slice(frame.data, this.cutOff) : frame.data;
        var length = frame.kind === 'c' ? rest.length : shape.cut({ kind: frame.kind, data: rest });
        var more = length < rest.length;
        var part = {
            kind: frame.kind,
            data: more ? slice(rest, 0, length) : rest,
            more: more,
            number: this.passed + this.flight.length + 1,
            size: 0,
            whole: !more && !this.cutOff,
        };
        if (frame.code !== undefined)
            part.code = frame.code;
        part.size = size(part);
        return part;
    };
    /** Cuts a part off the queue, and keeps it under its number. */
    Outbox.prototype.number = function (part) {
        if (part.more) {
            this.cutOff += part.data.length;
        }
        else {
            this.queue.shift();
            this.cutOff = 0;
        }
        this.flight.push({ part: part, out: false });
        this.flightBytes += part.size;
    };
    return Outbox;
}());
/** Whether a part may stand in one request with those taken before it. */
function goesWith(taken, part, shape) {
    var last = taken[taken.length - 1];
    return !last || (shape.many && last.whole && part.whole && part.number === last.number + 1);
}
/** The payload of a frame in bytes. */
function size(frame) {
    return typeof frame.data === 'string' && frame.kind !== 'b' ? utf8Length(frame.data) : frame.data.length;
}
function slice(data, from, to) {
    return typeof data === 'string' ? data.substring(from, to) : data.subarray(from, to);
}

/** A request may keep its slot for so many milliseconds while others wait, and as long as its bytes need at so many each. */
var leastTurn = 1000;
var slowLine = 16;
/** A writer is the way up: it sends, and sends again, until the relay has passed everything on. */
var Writer = /** @class */ (function () {
    function Writer(o) {
        this.o = o;
        this.outbox = new Outbox();
        this.requests = [];
        this.stopWaiting = null;
        this.asked = false;
        this.ended = false;
        /** How often requests were taken back since the last one went well. Each time the next has twice as long. */
        this.yields = 0;
        this.retry = new Retry(o.clock);
        this.host = o.at.relay;
        o.slots.join(this.host);
    }
    /** Sends a message, or the close, behind all that was sent before. */
    Writer.prototype.send = function (frame) {
        this.outbox.push(frame); // also where it never leaves: it counts
        this.ask();
    };
    /** Ends it. What waits stays in the outbox. */
    Writer.prototype.end = function () {
        if (this.ended)
            return;
        this.ended = true;
        if (this.stopWaiting)
            this.stopWaiting();
        this.cancel();
        this.o.slots.part(this.host, this);
    };
    Writer.prototype.useSlot = function () {
        if (this.stopWaiting)
            return false;
        var parts = this.outbox.take(this.o.up);
        if (!parts.length)
            return false;
        var self = this;
        var request = { parts: parts, cancel: function () { } };
        this.requests.push(request);
        request.cancel = this.o.up.send(this.o.at, parts, this.o.ack(), function (answer) {
            self.forget(request);
            self.answered(parts, answer);
            self.giveBack(); // which may take the next parts: so not before what was answered is known
        });
        this.ask();
        return true;
    };
    Writer.prototype.turn = function () {
        var bytes = 0;
        for (var i = 0; i < this.requests.length; i++) {
            for (var j = 0; j < this.requests[i].parts.length; j++)
                bytes += this.requests[i].parts[j].size;
        }
        return (leastTurn + bytes / slowLine) * Math.pow(2, this.yields);
    };
    Writer.prototype.yieldSlot = function () {
        if (!this.o.up.stays) {
            this.yields++;
            this.cancel();
        }
        this.ask();
    };
    /** Asks for a slot, when all that the page sends in one go is there, so that it goes together. */
    Writer.prototype.ask = function () {
        if (this.asked || this.stopWaiting || this.ended)
            return;
        this.asked = true;
        var self = this;
        this.o.clock.soon(function () {
            self.asked = false;
            if (!self.ended)
                self.o.slots.ask(self.host, self);
        });
    };
    Writer.prototype.answered = function (parts, answer) {
        var body = answer.body;
        if (answer.status === 201 && body && typeof body.n === 'number') {
            this.retry.ok();
            this.yields = 0;
            this.outbox.answered(parts, body.n);
            this.ask();
            return;
        }
        this.outbox.failed(parts);
        var code = body && body.code;
        if (code === 'no_socket') {
            this.end(); // what became of the socket is for the reader to find
        }
        else if (code === 'too_large') {
            this.o.on.tooLarge();
        }
        else if (code === 'bad_request') {
            this.o.on.lost(sentence(answer));
        }
        else {
            this.again(answer);
        }
    };
    Writer.prototype.again = function (answer) {
        var self = this;
        var wait = this.retry.failed();
        if (wait === null)
            return this.o.on.lost('sending failed for too long: ' + sentence(answer));
        if (!this.stopWaiting) {
            this.stopWaiting = this.o.clock.after(wait, function () {
                self.stopWaiting = null;
                self.ask();
            });
        }
        this.o.on.failing(this.retry.failures);
    };
    Writer.prototype.forget = function (request) {
        var rest = [];
        for (var i = 0; i < this.requests.length; i++)
            if (this.requests[i] !== request)
                rest.push(this.requests[i]);
        this.requests = rest;
    };
    Writer.prototype.giveBack = function () {
        if (!this.ended)
            this.o.slots.leave(this.host, this);
    };
    /** Takes all requests back. Those that have arrived count all the same. */
    Writer.prototype.cancel = function () {
        var all = this.requests;
        for (var i = 0; i < all.length; i++) {
            all[i].cancel();
            this.outbox.failed(all[i].parts);
            this.forget(all[i]);
            this.giveBack();
        }
    };
    return Writer;
}());

/** What a Close frame with a code and no reason has, in bytes. */
var closeLength = 4;
/** How often requests fail in a row before the router is asked whether the relay is alive. */
var doubt = 2;
/**
 * A link is a socket's end in the browser, the mirror of the relay's session: two ordered ways that lose nothing, whatever
 * becomes of the requests.
 *
 *     start ─▶ open ── the close is read ──▶ ended
 *               └── lost, or the page goes ───▲
 */
var Link = /** @class */ (function () {
    function Link(o) {
        this.o = o;
        this.asking = false;
        this.ended = false;
        var self = this;
        this.url = o.at.relay + '/s/' + o.at.socket;
        function failing(failures) {
            if (failures >= doubt)
                self.ask();
        }
        function lost(error, gone) {
            self.fail(error, gone);
        }
        this.reader = new Reader({
            at: o.at,
            down: o.down,
            clock: o.clock,
            on: {
                frame: function (frame) {
                    self.arrived(frame);
                },
                failing: failing,
                lost: lost,
            },
        });
        this.writer = new Writer({
            at: o.at,
            up: o.up,
            slots: o.slots,
            clock: o.clock,
            ack: function () {
                return self.reader.ack;
            },
            on: {
                failing: failing,
                lost: lost,
                tooLarge: function () {
                    // As the relay does when it is a part that crosses its limit (protocol up.continued-limit).
                    self.abandon();
                    o.on.closed(1009, '', true);
                },
            },
        });
    }
    /** Begins to read. */
    Link.prototype.start = function () {
        this.reader.start();
    };
    /** Sends a message, or the close, behind all that was sent. What comes back is told by `closed`. */
    Link.prototype.send = function (frame) {
        this.writer.send(frame);
    };
    /** How many bytes of the messages were not passed on yet. They stay when the link has ended. */
    Link.prototype.buffered = function () {
        return this.writer.outbox.buffered;
    };
    /** Closes with what time is left to a page that goes away, in one request. Nothing is told any more. */
    Link.prototype.leave = function (code) {
        if (this.ended)
            return;
        this.end();
        var rest = this.writer.outbox.rest(beaconRoom() - closeLength);
        if (rest && rest.length) {
            var all = rest;
            if (all[all.length - 1].kind !== 'c')
                all.push({ kind: 'c', code: code, data: '' });
            if (beacon(this.url, query({ t: 'f', n: rest[0].number, a: this.reader.ack }), batch(all)))
                return;
        }
        beacon(this.url, this.closing(code));
    };
    Link.prototype.arrived = function (frame) {
        if (frame.kind !== 'c')
            return this.o.on.message(frame);
        this.end();
        this.acknowledge();
        this.o.on.closed(frame.code, frame.data, frame.wasClean);
    };
    /** Tells the relay that the close was read, so that it forgets the socket. Else its grace period does. */
    Link.prototype.acknowledge = function () {
        var params = query({ a: this.reader.ack, status: 200 });
        this.o.exchange({ url: this.url, params: params, post: true, timeout: 10000 }, function () { });
    };
    /** Ends it in the middle: what waits is given up, and the relay is to close the target's side. */
    Link.prototype.abandon = function () {
        this.end();
        beacon(this.url, this.closing(1001));
    };
    /** The parameters of a close that takes effect at once, since it has no number (protocol up.close). */
    Link.prototype.closing = function (code) {
        return query({ t: 'c', code: code, a: this.reader.ack });
    };
    Link.prototype.ask = function () {
        if (this.asking || this.ended)
            return;
        this.asking = true;
        var self = this;
        this.o.alive(function (alive) {
            self.asking = false;
            if (alive === false)
                self.fail('the relay is gone', true);
        });
    };
    /** The socket is lost; and where it is not gone at the relay as well, it is to be. */
    Link.prototype.fail = function (error, gone) {
        if (this.ended)
            return;
        if (gone)
            this.end();
        else
            this.abandon();
        this.o.on.failed(error);
    };
    Link.prototype.end = function () {
        this.ended = true;
        this.reader.end();
        this.writer.end();
    };
    return Link;
}());

/** A connection through a relay. */
function relayed(way) {
    var on;
    var over = false;
    var link = new Link({
        at: way.at,
        up: way.up,
        down: way.down,
        exchange: way.exchange,
        slots: way.slots,
        clock: way.clock,
        alive: way.alive,
        on: {
            message: function (frame) {
                on.message(frame);
            },
            closed: function (code, reason, wasClean) {
                // The reason of a 1006 is the relay's: what the target did wrong, for which a browser would have failed it.
                if (code === 1006)
                    end(code, '', wasClean, reason);
                else
                    end(code, reason, wasClean, '');
            },
            failed: failed,
        },
    });
    var stay = onPageHide(function () {
        link.leave(1001);
        // Should the page come back, it finds the socket closed.
        way.clock.after(0, function () {
            failed('the page was left');
        });
    });
    function failed(error) {
        end(1006, '', false, error);
    }
    function end(code, reason, wasClean, error) {
        if (over)
            return;
        over = true;
        stay();
        on.closed(code, reason, wasClean, error !== '', error);
    }
    // A Blob has to be read first, and what comes after it waits.
    var pending = new Fifo();
    var unread = 0;
    function push(next) {
        if (next.frame && !pending.length())
            return link.send(next.frame);
        unread += next.size;
        pending.push(next);
    }
    function flush() {
        for (var first = pending.first(); first && first.frame; first = pending.first()) {
            pending.shift();
            unread -= first.size;
            link.send(first.frame);
        }
    }
    return {
        listen: function (events) {
            on = events;
            link.start();
        },
        send: function (data) {
            if (typeof data === 'string')
                return push({ size: utf8Length(data), frame: { kind: 't', data: data } });
            if (!isBlob(data))
                return push({ size: data.byteLength, frame: { kind: 'b', data: copy(data) } });
            var next = { size: data.size, frame: null };
            push(next);
            read(data, function (bytes) {
                if (!bytes) {
                    link.leave(1001);
                    return failed('a Blob that was sent could not be read');
                }
                next.frame = { kind: 'b', data: bytes };
                flush();
            });
        },
        close: function (code, reason) {
            push({ size: 0, frame: { kind: 'c', code: code, data: reason } });
        },
        buffered: function () {
            return unread + link.buffered();
        },
    };
}
function isBlob(data) {
    return typeof scope.Blob === 'function' && data instanceof scope.Blob;
}
function copy(data) {
    var view = 'buffer' in data;
    var bytes = new Uint8Array(view ? data.buffer : data, view ? data.byteOffset : 0, data.byteLength);
    var all = new Uint8Array(bytes.length);
    all.set(bytes);
    return all;
}
function read(blob, done) {
    var reader = new scope.FileReader();
    reader.onload = function () {
        done(new Uint8Array(reader.result));
    };
    reader.onerror = function () {
        done(null);
    };
    reader.readAsArrayBuffer(blob);
}

/*
 * A browser has six connections to one host, and each socket's read holds one. So requests up have to share two, over all
 * sockets of the page: reads are never starved, and among those who send each has its turn.
 */
/** How many requests up there may be at a time to one host. */
var most = 2;
var Slots = /** @class */ (function () {
    function Slots(clock) {
        this.clock = clock;
        this.hosts = {};
    }
    /** Counts a sender in. A host that has one only lets it have both slots. */
    Slots.prototype.join = function (host) {
        if (!this.hosts[host])
            this.hosts[host] = { senders: 0, held: [], waiting: [], timer: null };
        this.hosts[host].senders++;
    };
    /** Counts it out, with all that it holds and waits for. */
    Slots.prototype.part = function (host, sender) {
        var h = this.hosts[host];
        h.waiting = without(h.waiting, sender);
        while (holds(h, sender))
            release(h, sender);
        if (--h.senders) {
            this.serve(h);
            return;
        }
        if (h.timer)
            h.timer();
        delete this.hosts[host];
    };
    /** Asks for a slot. Asking again while it waits changes nothing. */
    Slots.prototype.ask = function (host, sender) {
        var h = this.hosts[host];
        for (var i = 0; i < h.waiting.length; i++)
            if (h.waiting[i] === sender)
                return;
        h.waiting.push(sender);
        this.serve(h);
    };
    /** Gives a slot back. */
    Slots.prototype.leave = function (host, sender) {
        var h = this.hosts[host];
        release(h, sender);
        this.serve(h);
    };
    Slots.prototype.serve = function (h) {
        for (var i = 0; h.held.length < most && i < h.waiting.length;) {
            var sender = h.waiting[i];
            if (h.senders > 1 && holds(h, sender)) {
                i++;
                continue;
            }
            h.waiting.splice(i, 1);
            h.held.push({ by: sender, since: this.clock.now() });
            if (!sender.useSlot())
                release(h, sender);
        }
        this.watch(h);
    };
    /** Sees to it that a slot comes free, where one who holds none waits. */
    Slots.prototype.watch = function (h) {
        if (h.timer)
            h.timer();
        h.timer = null;
        var starved = false;
        for (var i = 0; i < h.waiting.length; i++)
            if (!holds(h, h.waiting[i]))
                starved = true;
        if (!starved)
            return;
        var first = h.held[0];
        for (var i = 1; i < h.held.length; i++)
            if (over(h.held[i]) < over(first))
                first = h.held[i];
        var self = this;
        h.timer = this.clock.after(Math.max(0, over(first) - this.clock.now()), function () {
            h.timer = null;
            first.since = self.clock.now(); // it may have nothing that it can give back
            h.waiting = without(h.waiting, first.by); // and is behind the others when it asks again
            first.by.yieldSlot();
            self.watch(h);
        });
    };
    return Slots;
}());
/** When a sender's turn is over. */
function over(slot) {
    return slot.since + slot.by.turn();
}
function holds(h, sender) {
    for (var i = 0; i < h.held.length; i++)
        if (h.held[i].by === sender)
            return true;
    return false;
}
/** Takes away the newest slot that a sender holds. */
function release(h, sender) {
    for (var i = h.held.length - 1; i >= 0; i--) {
        if (h.held[i].by === sender) {
            h.held.splice(i, 1);
            return;
        }
    }
}
function without(list, sender) {
    var rest = [];
    for (var i = 0; i < list.length; i++)
        if (list[i] !== sender)
            rest.push(list[i]);
    return rest;
}

/**
 * Gives the URL record of a WebSocket (WHATWG WebSockets, "new WebSocket(url, protocols)", steps 1 to 6). What is thrown is
 * the sentence that says what is wrong.
 */
function parseTarget(url) {
    var href = resolve(url); // 1, 2
    if (href === null)
        throw "The URL '" + url + "' is invalid.";
    href = href.replace(/^http/, 'ws'); // 3, 4
    if (!/^wss?:/.test(href)) {
        // 5
        throw ("The URL's scheme must be either 'http', 'https', 'ws', or 'wss'. '" +
            href.replace(/:.*/, '') +
            "' is not allowed.");
    }
    // 6
    var hash = href.indexOf('#');
    if (hash >= 0)
        throw "The URL contains a fragment identifier ('" + href.slice(hash + 1) + "'). Remove it.";
    var parts = /^(wss?:\/\/)(?:[^\/?#]*@)?([^\/?#]+)/.exec(href);
    if (!parts)
        throw "The URL '" + url + "' is invalid.";
    return { href: href, origin: parts[1] + parts[2] };
}
/** A URL without user name and password, which browsers do not send with a handshake, and a router does not take. */
function withoutUser(href) {
    return href.replace(/^(wss?:\/\/)[^\/?#]*@/, '$1');
}
/** Resolves a URL against the page's, and serialises it; null where it is none. */
function resolve(url) {
    var base = scope.document ? scope.document.baseURI || scope.location.href : scope.location && scope.location.href;
    if (typeof scope.URL === 'function') {
        try {
            return base ? new scope.URL(url, base).href : new scope.URL(url).href;
        }
        catch (e) {
            return null;
        }
    }
    // Of before there was URL: an anchor knows http.
    url = url.replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, '');
    var scheme = /^([a-z][a-z0-9+.\-]*):/i.exec(url);
    if (scheme && !/^(http|ws)s?$/i.test(scheme[1]))
        return scheme[1].toLowerCase() + url.slice(scheme[1].length);
    var native = scheme && /^ws/i.test(scheme[1]);
    var anchor = scope.document.createElement('a');
    anchor.href = native ? 'http' + url.slice(2) : url;
    // IE gives the whole of a URL only when it is asked for the second time.
    anchor.href = anchor.href;
    var href = anchor.href;
    if (!/^https?:\/\/[^\/?#\s%]+([\/?#]|$)/i.test(href))
        return null;
    return native ? 'ws' + href.slice(4) : href;
}

var slots = new Slots(clock);
/** Opens a connection, by the first transport that can. What becomes of each is written into info. */
function open(config, url, protocols, info, on) {
    var nonce = newNonce(clock);
    var cancel = nothing;
    var over = false;
    var tried = 0;
    var error = '';
    var token;
    var tokenKnown = false;
    function next() {
        if (over)
            return;
        if (tried >= config.transports.length)
            return fail(error);
        var name = config.transports[tried++];
        var transport = transports[name];
        function giveUp(why, sentence) {
            error = sentence;
            info.gaveUp.push({ transport: name, why: why });
            on.changed();
            next();
        }
        function missing() {
            giveUp('missing', 'this browser has no ' + name);
        }
        function opened(connection, protocol, extensions) {
            over = true;
            info.transport = name;
            on.opened(connection, protocol, extensions);
            on.changed();
        }
        if (transport) {
            if (transport.missing())
                return missing();
            return withToken(function () {
                cancel = openRelayed(transport, giveUp, opened);
            });
        }
        if (!config.native)
            return missing();
        cancel = openNative(config.native, url, protocols, config.timeout, clock, {
            opened: opened,
            failed: function (why) {
                giveUp(why, "the browser's own WebSocket did not open: " + why);
            },
        });
    }
    function openRelayed(transport, giveUp, opened) {
        var wish = { target: withoutUser(url), protocols: protocols, token: token, nonce: nonce };
        return create$1(config, wish, transport.exchange, clock, {
            created: function (at, protocol, router) {
                var connection = relayed({
                    at: at,
                    up: transport.up,
                    down: transport.down,
                    exchange: transport.exchange,
                    slots: slots,
                    clock: clock,
                    alive: function (tell) {
                        alive(router, at, transport.exchange, tell);
                    },
                });
                // WHATWG WebSockets, "establish a WebSocket connection": one that was asked for a subprotocol has to choose one.
                if (protocols.length && !protocol) {
                    connection.listen({ message: nothing, closed: nothing });
                    connection.close(1000, '');
                    return fail('the target chose none of the subprotocols offered');
                }
                opened(connection, protocol, '');
            },
            refused: function (code, sentence) {
                tried = config.transports.length; // the others would hear the same
                giveUp(code, sentence);
            },
            failed: giveUp,
        });
    }
    function withToken(run) {
        if (tokenKnown)
            return run();
        function known(value) {
            if (over || tokenKnown)
                return;
            if (value !== undefined && typeof value !== 'string')
                return fail('the token is a ' + typeof value + ', not a string');
            tokenKnown = true;
            token = value === undefined ? value : wellFormed(value);
            run();
        }
        function broke(e) {
            fail('there is no token: ' + ((e && e.message) || e));
        }
        if (typeof config.token !== 'function')
            return known(config.token);
        try {
            var promised = config.token();
            if (!promised || typeof promised.then !== 'function')
                return known(promised);
            var stopTimer_1 = clock.after(config.timeout, function () {
                broke('the promise of it has not settled in time');
            });
            cancel = stopTimer_1;
            promised.then(function (value) {
                stopTimer_1();
                known(value);
            }, function (e) {
                stopTimer_1();
                broke(e);
            });
        }
        catch (e) {
            broke(e);
        }
    }
    function fail(why) {
        if (over)
            return;
        over = true;
        on.failed(why);
    }
    // Nothing fails before the constructor has returned.
    clock.soon(next);
    return function () {
        over = true;
        cancel();
    };
}
function nothing() { }

/* What browsers do with the arguments of a page before the steps of a standard see them (Web IDL §3.2). */
/** DOMString. Symbols, of which String() makes one, have none here. */
function domString(value) {
    if (typeof value === 'symbol')
        throw new TypeError('Cannot convert a Symbol value to a string');
    return String(value);
}
/** USVString: a string without lone surrogates. */
function usvString(value) {
    return wellFormed(domString(value));
}
/** [Clamp] unsigned short: a number from 0 to 65535, rounded half to even. */
function clampedShort(value) {
    var x = Math.min(Math.max(+value, 0), 65535);
    if (x !== x)
        return 0;
    var floor = Math.floor(x);
    if (x - floor < 0.5 || (x - floor === 0.5 && floor % 2 === 0))
        return floor;
    return floor + 1;
}
/** (DOMString or sequence<DOMString>), of which a string stands for a sequence of it. */
function stringOrSequence(value) {
    if (value === undefined)
        return [];
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function')
        return [domString(value)];
    var list = [];
    var items = value;
    var iterator = typeof scope.Symbol === 'function' && items[scope.Symbol.iterator];
    if (iterator !== undefined && iterator !== null && iterator !== false) {
        var it = iterator.call(items);
        for (var step = it.next(); !step.done; step = it.next())
            list.push(domString(step.value));
    }
    else if (Object.prototype.toString.call(items) === '[object Array]') {
        for (var i = 0; i < items.length; i++)
            list.push(domString(items[i]));
    }
    else {
        list.push(domString(items));
    }
    return list;
}
/** A DOMException of a name, or where there are none an Error that looks like it. */
function domException(name, message) {
    try {
        return new scope.DOMException(message, name);
    }
    catch (e) {
        var error = new Error(message);
        error.name = name;
        error.code = name === 'SyntaxError' ? 12 : name === 'InvalidStateError' ? 11 : 15;
        return error;
    }
}

/*
 * The WebSocket interface of the WHATWG WebSockets standard, https://websockets.spec.whatwg.org/#the-websocket-interface.
 * Numbers in comments are those of its steps.
 */
var CONNECTING = 0;
var OPEN = 1;
var CLOSING = 2;
var CLOSED = 3;
/** Tells of changes of the transport; index.ts sets it. */
var watch = { changed: function () { } };
// The state of each socket, which is not to be seen on it. Where there is no WeakMap it is in a property that no loop finds.
var states = typeof scope.WeakMap === 'function'
    ? new scope.WeakMap()
    : {
        get: function (socket) {
            return socket && socket._polysocket;
        },
        set: function (socket, state) {
            if (accessors)
                Object.defineProperty(socket, '_polysocket', { value: state });
            else
                socket._polysocket = state;
        },
    };
/** The state of a socket of ours; a TypeError for anything else. */
function stateOf(socket) {
    var state = states.get(socket);
    if (!state)
        throw new TypeError('Illegal invocation');
    return state;
}
/** What `info` tells of a socket. */
function infoOf(socket) {
    var state = states.get(socket);
    if (!state)
        throw new TypeError('polysocket: info needs a socket that a class of polysocket has made');
    var info = state.info;
    return { transport: info.transport, gaveUp: info.gaveUp.slice(), error: info.error };
}
var base = nativeBase() ||
    ownBase(function (socket) {
        return stateOf(socket).listeners;
    });
/** Makes a class of WebSockets that go the way the configuration says. */
function define(config) {
    // new WebSocket(url, protocols). It has one parameter that must be given, so its length is 1.
    var Interface = function (url) {
        if (!(this instanceof Interface)) {
            throw new TypeError("Failed to construct 'WebSocket': Please use the 'new' operator, this DOM object constructor cannot be called as a function.");
        }
        if (!arguments.length) {
            throw new TypeError("Failed to construct 'WebSocket': 1 argument required, but only 0 present.");
        }
        // 1 to 6
        var parsed;
        var given = usvString(url);
        var protocols = stringOrSequence(arguments[1]); // 7
        try {
            parsed = parseTarget(given);
        }
        catch (sentence) {
            throw domException('SyntaxError', "Failed to construct 'WebSocket': " + sentence);
        }
        checkProtocols(protocols); // 8
        var prototype = Object.getPrototypeOf ? Object.getPrototypeOf(this) : Interface.prototype;
        var socket = base.construct(prototype, this);
        var state = {
            url: parsed, // 9
            readyState: CONNECTING,
            protocol: '',
            extensions: '',
            binaryType: 'blob',
            connection: null,
            cancelOpening: function () { },
            unsent: 0,
            handlers: {},
            listeners: [],
            info: { transport: null, gaveUp: [], error: '' },
        };
        states.set(socket, state);
        if (!accessors)
            mirror(socket, state);
        connect(config, socket, state, protocols); // 10 to 12
        return socket;
    };
    // An engine without Object.create has no base of its own either.
    var prototype = inherit(base.prototype);
    fixed(Interface, 'prototype', prototype);
    inheritFrom(Interface, scope.EventTarget);
    hidden(prototype, 'constructor', Interface);
    show('url', function (state) {
        return state.url.href;
    });
    constants(Interface);
    constants(prototype);
    show('readyState', function (state) {
        return state.readyState;
    });
    show('bufferedAmount', bufferedAmount);
    handler(prototype, 'open');
    handler(prototype, 'error');
    handler(prototype, 'close');
    show('extensions', function (state) {
        return state.extensions;
    });
    show('protocol', function (state) {
        return state.protocol;
    });
    operation(prototype, 'close', 0, close);
    handler(prototype, 'message');
    attribute(prototype, 'binaryType', 'blob', function () {
        return stateOf(this).binaryType;
    }, function (value) {
        var state = stateOf(this);
        var type = domString(value);
        if (type === 'blob' || type === 'arraybuffer')
            state.binaryType = type;
    });
    operation(prototype, 'send', 1, send);
    named(Interface, 'WebSocket');
    return Interface;
    function show(name, get) {
        attribute(prototype, name, undefined, function () {
            return get(stateOf(this));
        });
    }
}
function constants(object) {
    fixed(object, 'CONNECTING', CONNECTING, true);
    fixed(object, 'OPEN', OPEN, true);
    fixed(object, 'CLOSING', CLOSING, true);
    fixed(object, 'CLOSED', CLOSED, true);
}
function handler(prototype, type) {
    attribute(prototype, 'on' + type, null, function () {
        var h = stateOf(this).handlers[type];
        return h ? h.value : null;
    }, function (value) {
        setHandler(this, stateOf(this), type, value);
    });
}
// Step 8: "If any of the values in protocols occur more than once or otherwise fail to match the requirements …".
function checkProtocols(protocols) {
    var seen = {};
    for (var i = 0; i < protocols.length; i++) {
        var name_1 = protocols[i];
        var wrong = '';
        if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name_1))
            wrong = "The subprotocol '" + name_1 + "' is invalid.";
        else if (seen[' ' + name_1])
            wrong = "The subprotocol '" + name_1 + "' is duplicated.";
        if (wrong)
            throw domException('SyntaxError', "Failed to construct 'WebSocket': " + wrong);
        seen[' ' + name_1] = true;
    }
}
// Step 12, "establish a WebSocket connection", and §4, what follows when it is established, or not.
function connect(config, socket, state, protocols) {
    state.cancelOpening = open(config, state.url.href, protocols, state.info, {
        opened: function (connection, protocol, extensions) {
            state.connection = connection;
            // "When the WebSocket connection is established, queue a task":
            queueTask(function () {
                if (state.readyState === CONNECTING) {
                    state.readyState = OPEN; // 1
                    state.extensions = extensions; // 2
                    state.protocol = protocol; // 3
                    fire(socket, state, 'open', {}); // 4
                }
            });
            connection.listen({
                message: function (frame) {
                    queueTask(function () {
                        receive(socket, state, frame);
                    });
                },
                closed: function (code, reason, wasClean, failed, error) {
                    queueTask(function () {
                        closed(socket, state, code, reason, wasClean, failed, error);
                    });
                },
            });
        },
        failed: function (error) {
            queueTask(function () {
                closed(socket, state, 1006, '', false, true, error);
            });
        },
        changed: function () {
            watch.changed(socket, state.info);
        },
    });
}
// "When a WebSocket message has been received".
function receive(socket, state, frame) {
    if (state.readyState !== OPEN)
        return; // 1
    var data = frame.data; // 2
    if (frame.kind === 'b' && typeof frame.data !== 'string') {
        var type = accessors ? state.binaryType : socket.binaryType;
        var buffer = exact(frame.data);
        data = type === 'blob' && typeof scope.Blob === 'function' ? new scope.Blob([buffer]) : buffer;
    }
    fire(socket, state, 'message', { data: data, origin: state.url.origin }); // 3
}
// "When the WebSocket connection is closed".
function closed(socket, state, code, reason, wasClean, failed, error) {
    if (state.readyState === CLOSED)
        return;
    state.readyState = CLOSED; // 1
    if (error)
        state.info.error = error;
    if (failed)
        fire(socket, state, 'error', {}); // 2
    fire(socket, state, 'close', { wasClean: wasClean, code: code, reason: reason }); // 3
}
/** The close() method. */
function close() {
    var state = stateOf(this);
    var code = arguments[0] === undefined ? null : clampedShort(arguments[0]);
    var reason = arguments[1] === undefined ? '' : usvString(arguments[1]);
    // 1
    if (code !== null && code !== 1000 && !(code >= 3000 && code <= 4999)) {
        throw domException('InvalidAccessError', "Failed to execute 'close' on 'WebSocket': The close code must be either 1000, or between 3000 and 4999. " +
            code +
            ' is neither.');
    }
    // 2
    if (utf8Length(reason) > 123) {
        throw domException('SyntaxError', "Failed to execute 'close' on 'WebSocket': The close reason must not be greater than 123 UTF-8 bytes.");
    }
    // 3
    if (state.readyState === CLOSING || state.readyState === CLOSED)
        return;
    var socket = this;
    var connection = state.connection;
    var connecting = state.readyState === CONNECTING;
    state.readyState = CLOSING;
    if (!accessors)
        mirror(socket, state);
    if (connecting) {
        // Not established yet: "fail the WebSocket connection".
        state.cancelOpening();
        if (connection)
            connection.close(1000, '');
        queueTask(function () {
            closed(socket, state, 1006, '', false, true, 'it was closed before it was open');
        });
    }
    else {
        connection.close(code === null ? 1005 : code, code === null ? '' : reason);
    }
}
/** The send() method. */
function send(value) {
    var state = stateOf(this);
    if (!arguments.length) {
        throw new TypeError("Failed to execute 'send' on 'WebSocket': 1 argument required, but only 0 present.");
    }
    var data = sendable(value);
    // 1
    if (state.readyState === CONNECTING) {
        throw domException('InvalidStateError', "Failed to execute 'send' on 'WebSocket': Still in CONNECTING state.");
    }
    // 2
    if (state.readyState === OPEN)
        state.connection.send(data);
    else
        state.unsent += typeof data === 'string' ? utf8Length(data) : 'size' in data ? data.size : data.byteLength;
    if (!accessors)
        mirror(this, state);
}
/** (BufferSource or Blob or USVString) */
function sendable(value) {
    if (typeof value === 'object' && value !== null) {
        if (typeof scope.Blob === 'function' && value instanceof scope.Blob)
            return value;
        var kind = Object.prototype.toString.call(value);
        if (kind === '[object ArrayBuffer]')
            return value;
        if (typeof scope.ArrayBuffer === 'function' && scope.ArrayBuffer.isView && scope.ArrayBuffer.isView(value))
            return value;
        if (/^\[object (DataView|(Uint|Int|Float)\d+(Clamped)?Array)\]$/.test(kind))
            return value;
    }
    return usvString(value);
}
function bufferedAmount(state) {
    return state.unsent + (state.connection ? state.connection.buffered() : 0);
}
/** The bytes as a buffer that has no others. */
function exact(bytes) {
    var buffer = bytes.buffer;
    if (bytes.length === buffer.byteLength)
        return buffer;
    return buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}
function fire(socket, state, type, init) {
    if (!accessors) {
        mirror(socket, state);
        setHandler(socket, state, type, socket['on' + type]);
    }
    base.fire(socket, type, init);
}
/** Shows the state where there are no accessors to look it up. */
function mirror(socket, state) {
    socket.url = state.url.href;
    socket.readyState = state.readyState;
    socket.bufferedAmount = bufferedAmount(state);
    socket.extensions = state.extensions;
    socket.protocol = state.protocol;
}
/** "Event handler IDL attributes", HTML §8.1.8.1: the listener has its place from when the first handler was set. */
function setHandler(socket, state, type, value) {
    var h = state.handlers[type] || (state.handlers[type] = { value: null, listener: null });
    h.value = typeof value === 'function' || (typeof value === 'object' && value !== null) ? value : null;
    if (h.value && !h.listener) {
        h.listener = function (event) {
            if (typeof h.value === 'function' && h.value.call(socket, event) === false)
                event.preventDefault();
        };
        socket.addEventListener(type, h.listener);
    }
    else if (!h.value && h.listener) {
        socket.removeEventListener(type, h.listener);
        h.listener = null;
    }
}

/** The property of a class of ours that has the browser's own: another copy of this script may look for it. */
var nativeOf = '_polysocketNative';
/**
 * Makes a class that is used as the browser's own WebSocket is, and reaches its targets by the first of the transports that
 * can. A TypeError says which option is wrong.
 */
function create(options) {
    var native = ownOf(scope.WebSocket);
    var ours = define(configure(options, native));
    hidden(ours, nativeOf, native);
    return ours;
}
/** Puts such a class over globalThis.WebSocket, for a page that need not know. What it returns undoes it. */
function install(options) {
    var before = Object.prototype.hasOwnProperty.call(scope, 'WebSocket') ? { value: scope.WebSocket } : null;
    var ours = create(options);
    scope.WebSocket = ours;
    return function () {
        if (scope.WebSocket !== ours)
            return;
        if (before)
            scope.WebSocket = before.value;
        else
            delete scope.WebSocket;
    };
}
/** Tells which transport a socket uses, which were given up before, and why it failed, where it did. */
function info(socket) {
    return infoOf(socket);
}
var listeners = [];
/**
 * Calls the listener whenever a socket of any class has another transport, or has given one up. What it returns takes the
 * listener off again.
 */
function on(type, listener) {
    if (type !== 'transport')
        throw new TypeError("polysocket: there is no '" + type + "' to listen to, only 'transport'");
    if (typeof listener !== 'function')
        throw new TypeError('polysocket: the listener is no function');
    listeners.push(listener);
    return function () {
        for (var i = 0; i < listeners.length; i++) {
            if (listeners[i] === listener) {
                listeners.splice(i, 1);
                return;
            }
        }
    };
}
watch.changed = function (socket) {
    var all = listeners.slice();
    for (var i = 0; i < all.length; i++) {
        var now = infoOf(socket);
        try {
            all[i]({ socket: socket, transport: now.transport, gaveUp: now.gaveUp, error: now.error });
        }
        catch (e) {
            report(e);
        }
    }
};
/** The browser's own class: what is under one of ours, where that was installed. */
function ownOf(current) {
    if (current && nativeOf in current)
        return current[nativeOf];
    return typeof current === 'function' || typeof current === 'object' ? current : undefined;
}

exports.create = create;
exports.info = info;
exports.install = install;
exports.on = on;
exports.version = version;
//# sourceMappingURL=polysocket.cjs.map
