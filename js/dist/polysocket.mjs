/*! polysocket 0.1.0 | MIT license | made from js/src by js/build.mjs */
// What stands here may be anything, and may be missing: it is looked up when it is used.
var scope = typeof globalThis === 'object'
    ? globalThis
    : typeof self === 'object'
        ? self
        : typeof window === 'object'
            ? window
            : Function('return this')();

/** For how many milliseconds a router that could not be reached is asked last. */
var shunned = 60000;
/**
 * A rota says in which order a page's routers are asked: each time beginning with the next, so that all have as much to do, and
 * those last that could not be reached a while ago.
 */
var Rota = /** @class */ (function () {
    /** The turn is the place of the router that is asked first. */
    function Rota(routers, turn) {
        this.routers = routers;
        this.turn = turn;
        this.shunnedUntil = {};
    }
    /** All of them, in the order for the next socket. */
    Rota.prototype.next = function (now) {
        return this.from(this.turn++, now);
    };
    /** All of them, beginning with this one. */
    Rota.prototype.after = function (router, now) {
        var place = 0;
        for (var i = 0; i < this.routers.length; i++)
            if (this.routers[i] === router)
                place = i;
        return this.from(place, now);
    };
    Rota.prototype.reached = function (router) {
        delete this.shunnedUntil[router];
    };
    Rota.prototype.unreached = function (router, now) {
        this.shunnedUntil[router] = now + shunned;
    };
    Rota.prototype.from = function (place, now) {
        var good = [];
        var bad = [];
        for (var i = 0; i < this.routers.length; i++) {
            var router = this.routers[(place + i) % this.routers.length];
            (this.shunnedUntil[router] > now ? bad : good).push(router);
        }
        return good.concat(bad);
    };
    return Rota;
}());

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
        rota: new Rota(routers, Math.floor(Math.random() * routers.length)),
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
    var list = names || known;
    if (!list.length)
        wrong('transports is empty: give it some of ' + known.join(', '));
    var all = [];
    for (var i = 0; i < list.length; i++) {
        var isKnown = false;
        for (var j = 0; j < known.length; j++)
            if (known[j] === list[i])
                isKnown = true;
        if (!isKnown)
            wrong("transport '" + list[i] + "' is unknown: there are " + known.join(', '));
        all.push(list[i]);
    }
    return all;
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
    describe$1(run, 'length', length);
}
/** The name of an interface, on its interface object and in String(object). */
function named(Interface, name) {
    describe$1(Interface, 'name', name);
    if (typeof scope.Symbol === 'function' && scope.Symbol.toStringTag) {
        describe$1(Interface.prototype, scope.Symbol.toStringTag, name);
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
function describe$1(object, name, value) {
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

/** Whether an item is in the list. */
function has(list, item) {
    for (var i = 0; i < list.length; i++)
        if (list[i] === item)
            return true;
    return false;
}
/** The list without the items that are this one. */
function without(list, item) {
    var rest = [];
    for (var i = 0; i < list.length; i++)
        if (list[i] !== item)
            rest.push(list[i]);
    return rest;
}

/** The answer that an HTTP status and a body make. Where all is 200, the true status is in the body (protocol 1.5). */
function answerOf(status, body) {
    return { status: status && body && typeof body.status === 'number' ? body.status : status, body: body };
}
/** Whether an answer is one of the protocol's, and not of somebody on the way: all have `ok`. */
function isOurs(answer) {
    return !!answer.body && typeof answer.body.ok === 'boolean';
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

/*
 * A relay that is gone is not seen by a client, to which requests that fail all look alike. So it asks the routers (protocol 1.2):
 * one question at a time for all sockets of a page that have the relay, since there may be hundreds, which a browser would let ask a few at
 * a time.
 */
/** After how many milliseconds the next router is asked beside one that has not answered, and how many an answer may take. */
var patience$1 = 1000;
var timeout = 5000;
/** How many milliseconds lie between an answer that was not the end and the next question about the same relay, about. */
var pause$2 = 1000;
var Doubts = /** @class */ (function () {
    function Doubts(clock) {
        this.clock = clock;
        this.doubts = [];
    }
    /** Asks whether a relay is alive. It tells once, at the earliest when the call has returned. */
    Doubts.prototype.ask = function (about, tell) {
        var doubt = this.find(about);
        if (!doubt) {
            doubt = { about: about, askers: [], rests: false, stop: function () { } };
            this.doubts.push(doubt);
            this.put(doubt);
        }
        var mine = doubt;
        mine.askers.push(tell);
        var self = this;
        return function () {
            if (!mine.askers.length)
                return; // all were told
            mine.askers = without(mine.askers, tell);
            if (!mine.askers.length && !mine.rests)
                self.leave(mine);
        };
    };
    Doubts.prototype.find = function (about) {
        for (var i = 0; i < this.doubts.length; i++) {
            var known = this.doubts[i].about;
            if (known.relay === about.relay && known.rota === about.rota && known.exchange === about.exchange)
                return this.doubts[i];
        }
        return null;
    };
    Doubts.prototype.put = function (doubt) {
        var self = this;
        doubt.rests = false;
        doubt.stop = question(doubt.about, this.clock, function (alive) {
            var askers = doubt.askers;
            doubt.askers = [];
            if (alive === false)
                self.leave(doubt);
            else
                self.rest(doubt);
            for (var i = 0; i < askers.length; i++)
                askers[i](alive);
        });
    };
    Doubts.prototype.rest = function (doubt) {
        var self = this;
        doubt.rests = true;
        doubt.stop = this.clock.after(pause$2 * (0.5 + this.clock.random()), function () {
            if (doubt.askers.length)
                self.put(doubt);
            else
                self.leave(doubt);
        });
    };
    Doubts.prototype.leave = function (doubt) {
        doubt.stop();
        this.doubts = without(this.doubts, doubt);
    };
    return Doubts;
}());
/** Asks router after router, until one knows. */
function question(about, clock, tell) {
    var rota = about.rota;
    var routers = rota.after(about.router, clock.now());
    var params = query({ host: about.host });
    var asked = 0;
    var open = [];
    var stopTimer = function () { };
    function next() {
        stopTimer();
        var router = routers[asked++];
        if (asked < routers.length)
            stopTimer = clock.after(patience$1, next);
        var request = { url: router + '/relay', params: params, timeout: timeout };
        var cancel = about.exchange(request, function (answer) {
            open = without(open, cancel);
            var body = answer.body;
            if (body && typeof body.alive === 'boolean') {
                rota.reached(router);
                stop();
                return tell(body.alive);
            }
            if (!(body && typeof body.code === 'string'))
                rota.unreached(router, clock.now());
            if (asked < routers.length)
                next();
            else if (!open.length)
                tell(null);
        });
        open.push(cancel);
    }
    function stop() {
        stopTimer();
        for (var i = 0; i < open.length; i++)
            open[i]();
        open = [];
    }
    next();
    return stop;
}

/** How much a sentence tells of why nothing could be opened. */
var tells = {
    /** What this browser has not. */
    missing: 0,
    /** That the browser's own WebSocket did not open: browsers do not say why. */
    native: 1,
    /** What became of a request. */
    request: 2,
    /** What a router has said of the target, or the page of its token. */
    reason: 3,
};
/** A journal writes down what becomes of a socket's transports, and tells of it. */
var Journal = /** @class */ (function () {
    function Journal(info, changed) {
        this.info = info;
        this.changed = changed;
        /** Of the sentences for a person the one that tells most; of two that tell as much the later. */
        this.error = '';
        this.told = tells.missing;
    }
    /** These transports were given up together. */
    Journal.prototype.gaveUp = function (names, why, error, much) {
        for (var i = 0; i < names.length; i++)
            this.note(names[i], why);
        if (much >= this.told) {
            this.told = much;
            this.error = error;
        }
        this.changed();
    };
    /** Writes it down, and leaves it to what follows to tell. What was written of it before does not count any more. */
    Journal.prototype.note = function (name, why) {
        this.strike(name);
        this.info.gaveUp.push({ transport: name, why: why });
    };
    /** This one is in use. Whoever opened calls is told of it before all others. */
    Journal.prototype.uses = function (name, opened) {
        this.strike(name);
        this.info.transport = name;
        opened();
        this.changed();
    };
    Journal.prototype.strike = function (name) {
        var all = this.info.gaveUp;
        for (var i = all.length - 1; i >= 0; i--)
            if (all[i].transport === name)
                all.splice(i, 1);
    };
    return Journal;
}());

/*
 * A relay may be handed out by a fresh label before its name, so that a browser's few connections to a host are each socket's own
 * (protocol names.wildcard). There are networks that do not resolve such labels, and relays whose certificate has none: a script sees but
 * requests without an answer, as of a relay that is gone. So the name without the label is tried in turn, until one of them has answered.
 */
/** For how many milliseconds sockets begin with the bare name, once that has answered where no label had. */
var bareFor = 10 * 60 * 1000;
/** Names knows by which of its two names a relay is reached from here, for all sockets of the page. */
var Names = /** @class */ (function () {
    function Names(clock) {
        this.clock = clock;
        this.known = {};
    }
    /** Chooses the name that a socket begins with. */
    Names.prototype.begin = function (at) {
        var known = at.names && this.known[at.names.bare];
        if (known && !known.labels && known.until > this.clock.now())
            at.relay = at.names.bare;
    };
    /** Whether it is known by which of its names the socket's relay is reached. */
    Names.prototype.knows = function (at) {
        return !at.names || !!this.known[at.names.bare];
    };
    /** The relay has answered a request of a socket that was made by this name. */
    Names.prototype.reached = function (at, relay) {
        if (!at.names)
            return;
        var bare = at.names.bare;
        if (relay !== bare)
            this.known[bare] = { labels: true, until: 0 };
        else if (!this.known[bare])
            this.known[bare] = { labels: false, until: this.clock.now() + bareFor };
    };
    /** The relay has not answered one, and maybe somebody on the way has. What the socket asks for next goes by the name that is known to work, or by the other one. */
    Names.prototype.unreached = function (at, relay) {
        if (!at.names || relay !== at.relay)
            return; // it goes by another by now
        var known = this.known[at.names.bare];
        var bare = known ? !known.labels : relay !== at.names.bare;
        at.relay = bare ? at.names.bare : at.names.label;
        if (known && bare)
            known.until = this.clock.now() + bareFor; // a label was tried again
    };
    return Names;
}());

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

/** A pulse tells when nothing was heard for too long. To hear something costs no timer. */
var Pulse = /** @class */ (function () {
    function Pulse(clock, still) {
        this.clock = clock;
        this.still = still;
        this.deadline = 0;
        this.stopTimer = null;
    }
    /** Something was heard: for so many milliseconds from now on nothing need be. */
    Pulse.prototype.beat = function (milliseconds) {
        var deadline = this.clock.now() + milliseconds;
        if (deadline < this.deadline)
            this.end(); // the timer would be late
        this.deadline = deadline;
        if (!this.stopTimer)
            this.watch();
    };
    Pulse.prototype.end = function () {
        if (this.stopTimer)
            this.stopTimer();
        this.stopTimer = null;
        this.deadline = 0;
    };
    Pulse.prototype.watch = function () {
        var self = this;
        this.stopTimer = this.clock.after(Math.max(0, this.deadline - this.clock.now()), function () {
            self.stopTimer = null;
            if (self.clock.now() < self.deadline)
                return self.watch();
            self.deadline = 0;
            self.still();
        });
    };
    return Pulse;
}());

/*
 * The first bytes of a stream do not show that a box on the way lets streams through: one that fills a buffer before it passes it
 * on does so for as long as there is traffic to fill it, and when that stops it keeps the last of it. Heartbeats show it, where
 * nothing else goes by the stream. So until they have, it has them often.
 */
/** How often a stream shows that it lives, in milliseconds: on a path that is proven, and on another (protocol stream.hb). */
var heartbeat = 15000;
var trialHeartbeat = 1000;
/** How many idle heartbeats in a row prove a path, and after how many milliseconds without a byte one is idle. */
var enough = 3;
var idleAfter = 900;
/** Proof counts the heartbeats of a stream that come while nothing else does. */
var Proof = /** @class */ (function () {
    function Proof(path) {
        this.path = path;
        this.last = 0;
        this.beats = 0;
    }
    /** Bytes have come, which are a heartbeat and nothing else, or are not. Whether it is an idle one. */
    Proof.prototype.came = function (now, bare) {
        var idle = bare && this.last > 0 && now - this.last >= idleAfter;
        if (idle)
            this.beats++;
        else if (!bare)
            this.beats = 0;
        this.last = now;
        if (this.beats >= enough)
            this.path.proven = true;
        return idle;
    };
    /** When the next bytes are due after those before, on a path that is not proven. */
    Proof.prototype.due = function () {
        return this.last + trialHeartbeat;
    };
    return Proof;
}());

/** The waits between tries, in milliseconds: the first, and the longest. */
var first$1 = 100;
var longest$1 = 5000;
/** How long requests may fail, in milliseconds: the grace period after which a relay has closed the socket anyway. */
var grace = 30000;
/** How often they have failed by then, at least: a request may have waited long for its slot, or a page have slept. */
var leastFailures = 3;
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
        if (this.failures >= leastFailures && this.clock.now() - this.since > grace)
            return null;
        // Full jitter, but for a little: clients that were cut off together do not come back together.
        var wait = Math.min(longest$1, first$1 * Math.pow(2, this.failures - 1));
        return wait / 4 + this.clock.random() * wait * 0.75;
    };
    return Retry;
}());

/** Calls run whenever the browser says that it has a network again. */
function onOnline(run) {
    if (!scope.addEventListener)
        return function () { };
    scope.addEventListener('online', run, false);
    return function () {
        scope.removeEventListener('online', run, false);
    };
}
/** Whether the browser says that it has no network. */
function offline() {
    return !!scope.navigator && scope.navigator.onLine === false;
}

/** How often a stream fails in a row before it is given up. */
var strikesOut = 3;
/** When a way that was given up is tried again, in milliseconds: the first time, and at the longest. */
var firstTrial = 30000;
var lastTrial = 600000;
/**
 * How many milliseconds before the bytes of a stream were due a request may have gone well, so that it is not the network that
 * keeps them: the first are when it is asked for. Where a stream is refused one has to have gone well since: a network that goes refuses all at once.
 */
var recent = 500;
/**
 * Steps says by which of several ways to read. A stream that works not is given up for what is behind it, and is tried
 * again now and then.
 *
 *     stream ── held back, or refused thrice ──▶ xhr
 *        ▲ └── but was it the network? ─▶ probe ──┐ (one poll that does not wait)
 *        │◀───────────────────────────────────────┘
 *        └── tried again, and works ◀── 30 s … 10 min, or `online` ── xhr
 */
var Steps = /** @class */ (function () {
    function Steps(o) {
        this.o = o;
        /** The way in use. */
        this.way = 0;
        /** The way that is tried again, and -1 where none is. */
        this.trial = -1;
        /** The poll that is asked whether the network is there, and -1 where none is. */
        this.probe = -1;
        /** How often reads have failed in a row, and when the first of those was made. */
        this.strikes = 0;
        this.since = 0;
        /** When a request went well last. */
        this.good = -Infinity;
        this.wait = firstTrial;
        this.due = false;
        this.stopTimer = null;
        this.stopListening = null;
    }
    /** The way that the next read goes. */
    Steps.prototype.next = function () {
        if (this.due && this.probe < 0) {
            this.due = false;
            this.trial = 0;
        }
        return this.current().down;
    };
    /** Whether the next read, or the one under way, is to be answered at once. */
    Steps.prototype.probes = function () {
        return this.probe >= 0;
    };
    /** Whether there is a way to go instead of the one in use, if that holds back. */
    Steps.prototype.hasOther = function () {
        return this.trial >= 0 || this.below('buffered') > 0;
    };
    /** A request of the socket, whichever, has gone well. */
    Steps.prototype.well = function () {
        this.good = this.o.clock.now();
    };
    /** The read has gone well: bytes of its stream have come, or its answer. */
    Steps.prototype.works = function () {
        this.well();
        if (this.probe >= 0) {
            this.probe = -1; // what it was asked for is known; the stream has one more try
            return;
        }
        this.strikes = 0;
        // What bytes come at first shows little: a path that was not proven is tried more and more seldom.
        if (this.o.path.proven && this.current().down.streams)
            this.wait = firstTrial;
        if (this.trial < 0)
            return;
        var from = this.current(this.way);
        this.way = this.trial;
        this.trial = -1;
        this.watch();
        this.o.on.stepped(from.name, this.current().name, '');
    };
    /**
     * The read has failed before what was due then came of it, as its first bytes when it was made; or it brought nonsense. Whether to
     * read on at once.
     */
    Steps.prototype.failed = function (why, due) {
        if (this.probe >= 0) {
            // It is not the stream's fault.
            this.probe = -1;
            this.strikes = 0;
            return false;
        }
        if (this.trial >= 0) {
            if (why === 'buffered')
                this.o.path.proven = false;
            this.trial = why === 'refused' && this.trial + 1 < this.way ? this.trial + 1 : -1;
            if (this.trial < 0)
                this.watch();
            return true;
        }
        var to = this.below(why);
        if (to < 0)
            return false;
        if (!this.strikes++)
            this.since = due;
        if (why === 'refused' && this.strikes < strikesOut)
            return false;
        if (this.good <= this.since - (why === 'buffered' ? recent : 0)) {
            this.probe = this.below('buffered');
            if (this.probe >= 0)
                return true;
        }
        if (why === 'buffered')
            this.o.path.proven = false;
        var from = this.current();
        this.way = to;
        this.strikes = 0;
        this.watch();
        this.o.on.stepped(from.name, this.current().name, why);
        return true;
    };
    Steps.prototype.end = function () {
        this.way = 0;
        this.watch();
    };
    Steps.prototype.current = function (way) {
        return this.o.ways[way !== undefined ? way : this.probe >= 0 ? this.probe : this.trial >= 0 ? this.trial : this.way];
    };
    /** The way to go instead of the one in use: of one that is held back, no other stream. -1 where there is none. */
    Steps.prototype.below = function (why) {
        var ways = this.o.ways;
        if (!ways[this.way].down.streams)
            return -1;
        for (var i = this.way + 1; i < ways.length; i++)
            if (why === 'refused' || !ways[i].down.streams)
                return i;
        return -1;
    };
    /** Sees to it that what was given up is tried again. */
    Steps.prototype.watch = function () {
        var self = this;
        if (this.stopTimer)
            this.stopTimer();
        if (this.stopListening)
            this.stopListening();
        this.stopTimer = this.stopListening = null;
        this.due = false;
        if (!this.way)
            return;
        this.stopTimer = this.o.clock.after(this.wait, function () {
            self.due = true;
            if (self.current().down.streams)
                self.o.on.hurry(); // which would not end by itself
        });
        this.wait = Math.min(lastTrial, this.wait * 2);
        this.stopListening = onOnline(function () {
            if (self.trial >= 0)
                return;
            self.due = true;
            self.o.on.hurry();
        });
    };
    return Steps;
}());

/**
 * The longest and the shortest time that the relay may wait before it answers a read, in milliseconds. A read that is lost
 * without a trace has to be made again before the relay's grace period is over, which is 30 s.
 */
var longRead = 20000;
var shortRead = 1000;
/** How long to wait, in milliseconds, after an answer that has brought nothing, and took less than that. */
var pause$1 = 200;
/** How many milliseconds a stream has for its first bytes, at least and at most: between them it is three round trips. */
var leastPatience = 1000;
var mostPatience = 4000;
/**
 * How many it has where there is no other way, and it is not known whether the name leads to the relay: which forgets a socket that
 * it has not heard of for 10 s (protocol bound.grace). A poll is short then.
 */
var firstPatience = 8000;
/**
 * How many milliseconds a heartbeat may be late, and how often they stay out before the stream is given up. On a path that is not
 * proven it is less, or three round trips, and once is enough.
 */
var lateness = 5000;
var trialLateness = 1500;
var mostSilences = 2;
/** What a message costs the relay, about, beside its data. */
var overhead = 64;
/** A reader is the way down: it reads, and reads again, and lets each message pass once. */
var Reader = /** @class */ (function () {
    function Reader(o) {
        this.o = o;
        /** The number of the last message that came. */
        this.ack = 0;
        this.ttl = longRead;
        this.cancel = null;
        this.ended = false;
        /** How often in a row a stream has fallen silent after its first bytes. */
        this.silences = 0;
        /** Whether the last stream brought nonsense: then first bytes prove nothing. */
        this.garbled = false;
        var self = this;
        this.retry = new Retry(o.clock);
        this.under = this.newRead();
        this.pulse = new Pulse(o.clock, function () {
            self.silent();
        });
        this.steps = new Steps({
            ways: o.ways,
            path: o.path,
            clock: o.clock,
            on: {
                stepped: o.on.stepped,
                hurry: function () {
                    self.again();
                },
            },
        });
    }
    /** Begins. Nothing is told before. */
    Reader.prototype.start = function () {
        this.steps.well(); // a request has opened the socket just now
        this.read();
    };
    /** Another request of the socket has gone well. */
    Reader.prototype.well = function () {
        this.steps.well();
    };
    Reader.prototype.end = function () {
        this.ended = true;
        this.stop();
        this.steps.end();
    };
    Reader.prototype.stop = function () {
        this.pulse.end();
        if (this.cancel)
            this.cancel();
    };
    /** Reads anew, without waiting for what is under way. */
    Reader.prototype.again = function () {
        this.stop();
        this.read();
    };
    Reader.prototype.newRead = function () {
        return {
            at: this.o.clock.now(),
            relay: this.o.at.relay,
            streams: false,
            heard: 0,
            heartbeat: heartbeat,
            proof: new Proof(this.o.path),
            fruitful: false,
        };
    };
    Reader.prototype.read = function () {
        var self = this;
        var read = (this.under = this.newRead());
        var down = this.steps.next();
        var ttl = this.steps.probes() ? 0 : this.o.knows() ? this.ttl : shortRead;
        if (!this.o.path.proven && this.steps.hasOther())
            read.heartbeat = trialHeartbeat;
        this.o.on.acknowledges();
        // All of a read goes by one name, though another comes into use meanwhile.
        var at = { relay: read.relay, socket: this.o.at.socket };
        this.cancel = down.read(at, this.ack, ttl, read.heartbeat, {
            asked: function (streams) {
                read.at = self.o.clock.now();
                read.streams = streams;
                read.heard = 0;
                read.proof = new Proof(self.o.path);
                self.pulse.end();
                if (streams)
                    self.pulse.beat(self.patience(leastPatience));
            },
            alive: function (bare) {
                self.alive(read, bare);
            },
            received: function (seq, frames) {
                self.received(read, seq, frames);
            },
            done: function (answer) {
                if (!self.ended)
                    self.done(read, answer);
            },
        });
    };
    /** How many milliseconds the bytes of a stream have that are due. Where there is no other way, there is no hurry. */
    Reader.prototype.patience = function (least) {
        if (!this.steps.hasOther())
            return this.o.knows() ? heartbeat + lateness : firstPatience;
        return Math.max(least, Math.min(mostPatience, 3 * this.o.roundTrip()));
    };
    Reader.prototype.alive = function (read, bare) {
        var now = this.o.clock.now();
        var tried = read.heartbeat === trialHeartbeat;
        if (read.streams)
            this.pulse.beat(read.heartbeat + (tried ? this.patience(trialLateness) : lateness));
        if (!read.heard) {
            read.heard = now;
            this.o.on.told(read.relay, true);
            if (!this.garbled)
                this.sound();
        }
        else if (now - read.heard > pause$1) {
            if (!tried)
                this.silences = 0;
            if (this.garbled)
                this.sound();
            this.garbled = false;
        }
        if (!read.streams || !tried || this.ended)
            return;
        if (read.proof.came(now, bare))
            this.silences = 0; // which traffic is no reason for
        if (bare && this.o.path.proven)
            this.again(); // with fewer heartbeats
    };
    Reader.prototype.received = function (read, seq, frames) {
        var bytes = 0;
        for (var i = 0; i < frames.length && !this.ended; i++) {
            var number = seq + i;
            if (number <= this.ack)
                continue; // it came before, and the acknowledgement did not arrive
            if (number > this.ack + 1)
                return this.o.on.lost('message ' + (this.ack + 1) + ' is missing: the next is ' + number);
            this.ack = number;
            var frame = frames[i];
            read.fruitful = true;
            bytes += frame.data.length + overhead;
            if (frame.kind === 'c')
                this.end();
            this.o.on.frame(frame);
        }
        if (!bytes || this.ended || !read.streams)
            return;
        this.garbled = false;
        this.o.on.owes(bytes);
    };
    /** Reading goes well. */
    Reader.prototype.sound = function () {
        this.retry.ok();
        this.steps.works();
    };
    Reader.prototype.done = function (read, answer) {
        var code = answer.body && answer.body.code;
        var took = this.o.clock.now() - read.at;
        this.pulse.end();
        if (!read.heard)
            this.o.on.told(read.relay, answer.status === 200 || isOurs(answer));
        if (answer.status === 200) {
            this.sound();
            if (took >= this.ttl && !read.streams)
                this.ttl = Math.min(longRead, Math.ceil(this.ttl * 1.1)); // it may be longer again
            // Nothing new, and at once, has a read that one of ours superseded which was late, or whoever is on the way and repeats.
            if (read.fruitful || took > pause$1)
                this.read();
            else
                this.after(pause$1);
        }
        else if (code === 'no_socket' || code === 'bad_request') {
            this.o.on.lost(sentence(answer), code === 'no_socket');
        }
        else {
            // A body that has no status is what one of our ways has to complain of.
            var nonsense = !answer.status && !!answer.body;
            if (read.heard && nonsense)
                this.garbled = true;
            if ((!read.heard || nonsense) && this.steps.failed('refused', read.at))
                return this.read();
            // Whoever cuts requests that wait may let shorter ones live.
            if (took > shortRead && !read.streams)
                this.ttl = Math.max(shortRead, Math.round(Math.min(this.ttl, took) / 2));
            this.failed(answer);
        }
    };
    /** Nothing came of a stream for too long. */
    Reader.prototype.silent = function () {
        var read = this.under;
        var often = read.heard > 0 && ++this.silences >= mostSilences;
        var tried = read.heartbeat === trialHeartbeat;
        this.stop();
        // Another way, where there is one, shows whether it is the name, or a stream that is held back.
        if (!read.heard && !this.steps.hasOther())
            this.o.on.told(read.relay, false);
        if (!read.heard || often || tried) {
            var step = this.steps.failed('buffered', !read.heard || often ? read.at : read.proof.due());
            if (!this.steps.probes())
                this.silences = 0;
            if (step)
                return this.read();
        }
        this.failed({ status: 0, body: null, late: true });
    };
    Reader.prototype.failed = function (answer) {
        var wait = this.retry.failed();
        if (wait === null)
            return this.o.on.lost('reading failed for too long: ' + sentence(answer));
        this.after(wait);
        this.o.on.failing(this.retry.failures);
    };
    Reader.prototype.after = function (wait) {
        var self = this;
        this.cancel = this.o.clock.after(wait, function () {
            self.read();
        });
    };
    return Reader;
}());

/**
 * A stream acknowledges when it begins, and never again. What it has brought is acknowledged by whatever goes up; where nothing
 * does, by a request of its own when so many bytes have come, or so many milliseconds have passed. The bytes have to be well
 * below those at which the relay waits (protocol bound.down).
 */
var mostBytes = 64 * 1024;
var longest = 5000;
/** Receipts says when such a request is due. */
var Receipts = /** @class */ (function () {
    function Receipts(clock, due) {
        this.clock = clock;
        this.due = due;
        this.bytes = 0;
        this.stopTimer = null;
    }
    /** So much has come that was not acknowledged. */
    Receipts.prototype.came = function (bytes) {
        this.bytes += bytes;
        if (this.bytes >= mostBytes)
            return this.ask();
        if (this.stopTimer)
            return;
        var self = this;
        this.stopTimer = this.clock.after(longest, function () {
            self.ask();
        });
    };
    /** Whether anything has come that was not acknowledged. */
    Receipts.prototype.owes = function () {
        return this.bytes > 0;
    };
    /** A request is about to acknowledge all of it. One that fails is made again by who made it. */
    Receipts.prototype.given = function () {
        this.bytes = 0;
        if (this.stopTimer)
            this.stopTimer();
        this.stopTimer = null;
    };
    Receipts.prototype.ask = function () {
        this.given();
        this.due();
    };
    return Receipts;
}());

/** Acknowledges all messages up to ack, and does nothing else (protocol down.ack). */
function acknowledge(exchange, at, ack, done) {
    var params = query({ a: ack, status: 200 });
    return exchange({ url: at.relay + '/s/' + at.socket, params: params, post: true, timeout: 10000 }, done);
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
/** How many bytes are made a string at a time: some engines take no more arguments of a function than 65,535. */
var piece = 8192;
/** The text that the bytes are in UTF-8, whole. What is no UTF-8 is an Error. It needs typed arrays. */
function fromUTF8(bytes) {
    try {
        if (typeof TextDecoder !== 'undefined')
            return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
        var chars = '';
        for (var i = 0; i < bytes.length; i += piece) {
            chars += String.fromCharCode.apply(null, bytes.subarray(i, i + piece));
        }
        return decodeURIComponent(escape(chars)); // which takes the same that RFC 3629 does
    }
    catch (_a) {
        throw new Error('text that is not UTF-8');
    }
}

/** The body of a send with `t=f` (send.frames in docs/protocol.md): many messages in one request. It needs typed arrays. */
/** The first byte of a frame that is a whole message, RFC 6455 §5.2: FIN, and the opcode. */
var first = { t: 0x81, b: 0x82, c: 0x88 };
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
        bytes[at] = first[frames[i].kind];
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
    /** Whether there is one among these parts that is not passed on. */
    Outbox.prototype.lacks = function (parts) {
        return parts[parts.length - 1].number > this.passed;
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
        /** Whose slots it uses: the relay, by each name that was in use. */
        this.hosts = [];
        this.requests = [];
        this.stopWaiting = null;
        this.asked = false;
        this.ended = false;
        /** Whether an acknowledgement is due that goes by itself, if nothing else goes. */
        this.owing = false;
        /** How often requests were taken back since the last one went well. Each time the next has twice as long. */
        this.yields = 0;
        this.retry = new Retry(o.clock);
        this.join();
    }
    /** Sends a message, or the close, behind all that was sent before. */
    Writer.prototype.send = function (frame) {
        this.outbox.push(frame); // also where it never leaves: it counts
        this.ask();
    };
    /** Acknowledges what was read: with what goes up next, or by itself. */
    Writer.prototype.acknowledge = function () {
        this.owing = true;
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
        for (var i = 0; i < this.hosts.length; i++)
            this.o.slots.part(this.hosts[i], this);
    };
    Writer.prototype.useSlot = function (host) {
        if (this.stopWaiting)
            return false;
        if (host !== this.o.at.relay) {
            this.ask(); // it goes by another name by now
            return false;
        }
        var parts = this.outbox.take(this.o.up);
        if (!parts.length && !this.owing)
            return false;
        var self = this;
        var request = { host: host, parts: parts, owed: this.owing || this.o.owes(), cancel: function () { } };
        this.owing = false;
        var sent = this.o.clock.now();
        this.requests.push(request);
        function done(answer) {
            self.forget(request);
            self.o.on.told(host, isOurs(answer));
            if (answer.status === 201)
                self.o.on.took(self.o.clock.now() - sent);
            self.answered(request, answer);
            self.giveBack(host); // which may take the next parts: so not before what was answered is known
        }
        var ack = this.o.ack();
        if (parts.length) {
            request.cancel = this.o.up.send(this.o.at, parts, ack, done);
            this.ask();
        }
        else {
            request.cancel = acknowledge(this.o.exchange, this.o.at, ack, done);
        }
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
            if (self.ended)
                return;
            self.join();
            self.o.slots.ask(self.o.at.relay, self);
        });
    };
    /** Is counted in where the relay is by now: connections are a host's. */
    Writer.prototype.join = function () {
        var host = this.o.at.relay;
        for (var i = 0; i < this.hosts.length; i++)
            if (this.hosts[i] === host)
                return;
        this.hosts.push(host);
        this.o.slots.join(host);
    };
    Writer.prototype.answered = function (request, answer) {
        var parts = request.parts;
        var body = answer.body;
        if (answer.status === 201 && body && (typeof body.n === 'number' || !parts.length)) {
            this.retry.ok();
            this.yields = 0;
            this.outbox.answered(parts, body.n || 0);
            this.ask();
            return;
        }
        this.takeBack(request);
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
        else if (parts.length && !this.outbox.lacks(parts)) {
            this.ask(); // another answer has told by now that all of it had arrived
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
    /** A request has come to nothing. What it has acknowledged is to be again, also where its parts have arrived by another. */
    Writer.prototype.takeBack = function (request) {
        this.outbox.failed(request.parts);
        if (request.owed)
            this.owing = true;
    };
    Writer.prototype.forget = function (request) {
        this.requests = without(this.requests, request);
    };
    Writer.prototype.giveBack = function (host) {
        if (!this.ended)
            this.o.slots.leave(host, this);
    };
    /** Takes all requests back. Those that have arrived count all the same. */
    Writer.prototype.cancel = function () {
        var all = this.requests;
        for (var i = 0; i < all.length; i++) {
            all[i].cancel();
            this.takeBack(all[i]);
            this.forget(all[i]);
            this.giveBack(all[i].host);
        }
    };
    return Writer;
}());

/** What a Close frame with a code and no reason has, in bytes. */
var closeLength = 4;
/** How often requests fail in a row before routers are asked whether the relay is alive. */
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
        /** Takes back what routers are asked; null while they are not. */
        this.stopAsking = null;
        this.ended = false;
        var self = this;
        this.roundTrip = o.roundTrip || 0;
        this.receipts = new Receipts(o.clock, function () {
            self.writer.acknowledge();
        });
        function failing(failures) {
            if (failures >= doubt)
                self.ask();
        }
        function told(relay, answered) {
            if (answered)
                o.names.reached(o.at, relay);
            else
                o.names.unreached(o.at, relay);
        }
        function lost(error, gone) {
            self.fail(error, gone);
        }
        this.reader = new Reader({
            at: o.at,
            ways: o.downs,
            path: o.path,
            clock: o.clock,
            knows: function () {
                return o.names.knows(o.at);
            },
            roundTrip: function () {
                return self.roundTrip;
            },
            on: {
                frame: function (frame) {
                    self.arrived(frame);
                },
                owes: function (bytes) {
                    self.receipts.came(bytes);
                },
                acknowledges: function () {
                    self.receipts.given();
                },
                stepped: o.on.stepped,
                told: told,
                failing: failing,
                lost: lost,
            },
        });
        this.writer = new Writer({
            at: o.at,
            up: o.up,
            exchange: o.exchange,
            slots: o.slots,
            clock: o.clock,
            ack: function () {
                self.receipts.given();
                return self.reader.ack;
            },
            owes: function () {
                return self.receipts.owes();
            },
            on: {
                took: function (milliseconds) {
                    self.roundTrip = milliseconds;
                    self.reader.well();
                },
                told: told,
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
            if (beacon(this.url(), query({ t: 'f', n: rest[0].number, a: this.reader.ack }), batch(all)))
                return;
        }
        beacon(this.url(), this.closing(code));
    };
    Link.prototype.arrived = function (frame) {
        if (frame.kind !== 'c')
            return this.o.on.message(frame);
        this.end();
        // So that the relay forgets the socket. Else its grace period does.
        acknowledge(this.o.exchange, this.o.at, this.reader.ack, function () { });
        this.o.on.closed(frame.code, frame.data, frame.wasClean);
    };
    /** Ends it in the middle: what waits is given up, and the relay is to close the target's side. */
    Link.prototype.abandon = function () {
        this.end();
        beacon(this.url(), this.closing(1001));
    };
    /** Where it is written to. */
    Link.prototype.url = function () {
        return this.o.at.relay + '/s/' + this.o.at.socket;
    };
    /** The parameters of a close that takes effect at once, since it has no number (protocol up.close). */
    Link.prototype.closing = function (code) {
        return query({ t: 'c', code: code, a: this.reader.ack });
    };
    Link.prototype.ask = function () {
        if (this.stopAsking || this.ended)
            return;
        var self = this;
        this.stopAsking = this.o.alive(function (alive) {
            self.stopAsking = null;
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
        if (this.stopAsking)
            this.stopAsking();
        this.reader.end();
        this.writer.end();
        this.receipts.given();
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
        downs: way.downs,
        path: way.path,
        exchange: way.exchange,
        names: way.names,
        slots: way.slots,
        clock: way.clock,
        roundTrip: way.roundTrip,
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
            stepped: way.stepped,
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
            read$1(data, function (bytes) {
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
/** Whether it has to be read before its bytes are known. */
function isBlob(data) {
    return typeof scope.Blob === 'function' && data instanceof scope.Blob;
}
/** The bytes as they are now. */
function copy(data) {
    var view = 'buffer' in data;
    var bytes = new Uint8Array(view ? data.buffer : data, view ? data.byteOffset : 0, data.byteLength);
    var all = new Uint8Array(bytes.length);
    all.set(bytes);
    return all;
}
function read$1(blob, done) {
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
            this.hosts[host] = { name: host, senders: 0, held: [], waiting: [], timer: null };
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
            if (!sender.useSlot(h.name))
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

function eventsMissing() {
    return typeof scope.EventSource !== 'function' && typeof scope.EventSource !== 'object';
}
/** Server-sent events by EventSource, without credentials. It is not let reconnect by itself: it would with an old `a`. */
var events = function (url, on) {
    var source = new scope.EventSource(url);
    function end() {
        source.onmessage = source.onerror = null;
        source.close();
    }
    source.onmessage = function (event) {
        on.event(event.data, event.lastEventId);
    };
    source.onerror = function () {
        end();
        on.ended();
    };
    return end;
};

var form = 'application/x-www-form-urlencoded';
/** Whether this browser has fetch with responses that can be read as they come, and taken back. */
function fetchFlows() {
    return (typeof scope.fetch === 'function' &&
        typeof scope.AbortController === 'function' &&
        typeof scope.ReadableStream === 'function' &&
        typeof scope.Response === 'function' &&
        'body' in scope.Response.prototype);
}
/** Whether this browser's XMLHttpRequest shows the bytes of a response as they come. */
function xhrFlows() {
    return typeof scope.XMLHttpRequest !== 'undefined' && 'overrideMimeType' in new scope.XMLHttpRequest();
}
/** A flow by fetch, without credentials. */
var fetchFlow = function (request, on) {
    var abort = new scope.AbortController();
    var over = false;
    function finish(answer) {
        if (over)
            return;
        over = true;
        on.done(answer);
    }
    function fail() {
        finish({ status: 0, body: null });
    }
    function strange(e) {
        finish({ status: 0, body: { error: e.message } });
        abort.abort();
    }
    function read(reader) {
        // Each step is a promise of its own: a chain of them would grow for as long as the stream lives.
        reader.read().then(function (part) {
            if (over)
                return;
            if (part.done)
                return finish({ status: 200, body: null });
            try {
                on.bytes(part.value);
            }
            catch (e) {
                return strange(e);
            }
            read(reader);
        }, fail);
    }
    // Not even the browser keeps it, so that a request does not wait for one before it that asked for the same.
    var init = { credentials: 'omit', cache: 'no-store', signal: abort.signal };
    if (request.post) {
        init.method = 'POST';
        init.headers = { 'Content-Type': form };
        init.body = request.params;
    }
    try {
        scope.fetch(request.post ? request.url : request.url + '?' + request.params, init).then(function (response) {
            if (over)
                return;
            if (response.status !== 200) {
                return response.text().then(function (text) {
                    finish(answerOf(response.status, parse$1(text)));
                }, fail);
            }
            try {
                on.begun(function (name) {
                    return response.headers.get(name);
                });
            }
            catch (e) {
                return strange(e);
            }
            read(response.body.getReader());
        }, fail);
    }
    catch (e) {
        setTimeout(fail, 0); // the page's policy forbids it
    }
    return function () {
        if (over)
            return;
        over = true;
        abort.abort();
    };
};
/**
 * A flow by XMLHttpRequest, without credentials. It keeps all that has come, so responses are asked to end after a MiB (protocol
 * stream.max).
 */
var xhrFlow = function (request, on) {
    var params = request.params + '&max=1024';
    var x = new scope.XMLHttpRequest();
    var over = false;
    var begun = false;
    var seen = 0;
    function finish(answer) {
        if (over)
            return;
        end();
        on.done(answer);
    }
    function end() {
        over = true;
        x.onreadystatechange = null;
    }
    function fail() {
        finish({ status: 0, body: null });
    }
    /** What of the response has not been seen yet. */
    function more() {
        var text = x.responseText;
        var bytes = new Uint8Array(text.length - seen);
        for (var i = 0; i < bytes.length; i++)
            bytes[i] = text.charCodeAt(seen + i); // its low byte: see the charset
        seen = text.length;
        return bytes;
    }
    x.onreadystatechange = function () {
        if (x.readyState < 3)
            return;
        var status = x.status;
        if (status !== 200) {
            if (x.readyState === 4)
                finish(answerOf(status, status ? parse$1(text(more())) : null));
            return;
        }
        try {
            if (!begun) {
                begun = true;
                on.begun(function (name) {
                    return x.getResponseHeader(name);
                });
            }
            var bytes = more();
            if (bytes.length && !over)
                on.bytes(bytes);
        }
        catch (e) {
            finish({ status: 0, body: { error: e.message } });
            x.abort();
            return;
        }
        if (x.readyState === 4)
            finish({ status: 200, body: null });
    };
    try {
        x.open(request.post ? 'POST' : 'GET', request.post ? request.url : request.url + '?' + params, true);
        // Each byte becomes a character whose low byte it is.
        x.overrideMimeType('text/plain; charset=x-user-defined');
        if (request.post)
            x.setRequestHeader('Content-Type', form);
        x.send(request.post ? params : null);
    }
    catch (e) {
        setTimeout(fail, 0); // the page's policy, or the browser's, forbids it
    }
    return function () {
        if (over)
            return;
        end();
        x.abort();
    };
};
function text(bytes) {
    try {
        return fromUTF8(bytes);
    }
    catch (e) {
        return '';
    }
}
function parse$1(text) {
    try {
        return JSON.parse(text);
    }
    catch (e) {
        return null;
    }
}
/** A flow by what this browser has. */
var flow = function (request, on) {
    return fetchFlows() ? fetchFlow(request, on) : xhrFlow(request, on);
};

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

/** The bytes of all chunks in one array: where there is one chunk only, that itself. It needs typed arrays. */
function join(chunks) {
    if (chunks.length === 1)
        return chunks[0];
    var length = 0;
    for (var i = 0; i < chunks.length; i++)
        length += chunks[i].length;
    var all = new Uint8Array(length);
    for (var i = 0, at = 0; i < chunks.length; at += chunks[i++].length)
        all.set(chunks[i], at);
    return all;
}

/** The response of `/m` with `stream=1` (docs/protocol.md §3.4), cut into lines as it comes. It needs typed arrays. */
var newline = 10;
/** Lines puts together lines of UTF-8 of bytes that were cut anywhere. */
var Lines = /** @class */ (function () {
    function Lines() {
        this.chunks = [];
    }
    /** Takes bytes, and gives the lines that they end, but for blank ones. A line that is no UTF-8 is an Error. */
    Lines.prototype.push = function (bytes) {
        var lines = [];
        var from = 0;
        for (var i = 0; i < bytes.length; i++) {
            if (bytes[i] !== newline)
                continue;
            this.keep(bytes.subarray(from, i));
            from = i + 1;
            var line = this.take();
            if (/\S/.test(line))
                lines.push(line);
        }
        this.keep(bytes.subarray(from));
        return lines;
    };
    /** Whether nothing is held that is not whole. */
    Lines.prototype.empty = function () {
        return !this.chunks.length;
    };
    Lines.prototype.keep = function (bytes) {
        if (bytes.length)
            this.chunks.push(bytes);
    };
    Lines.prototype.take = function () {
        var all = join(this.chunks);
        this.chunks = [];
        return fromUTF8(all);
    };
    return Lines;
}());

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

/** The messages of `/j`, `/e` and `/m` (docs/protocol.md §1.4, down.seq, §3.3 and §3.4), made into frames. */
/**
 * Reads the JSON value of an answer, leaving out heartbeats. Nothing else is left out: an answer that is not what the protocol
 * says, such as a proxy's page, or that holds a message of an unknown type, is an Error that names what is wrong, and none of it
 * is used. Else its messages would be acknowledged, and lost.
 */
function read(body) {
    return readRun(okay(body));
}
/** Reads the JSON value of an answer of `/m`. It has the same Errors as read. */
function readMany(body) {
    var sockets = okay(body).sockets;
    if (!isArray(sockets)) {
        throw new Error('the answer\'s "sockets" are no list but ' + describe(sockets));
    }
    var entries = [];
    for (var i = 0; i < sockets.length; i++) {
        entries.push(readEntry(sockets[i]));
    }
    return entries;
}
/** Reads the JSON value of what `/m` has of one socket, as in its answer or on a line of its stream. */
function readEntry(value) {
    if (!isObject(value)) {
        throw new Error('what stands for a socket is no JSON object but ' + describe(value));
    }
    var socket = stringOf(value, 'socket');
    if (value.code !== undefined) {
        return { socket: socket, seq: 0, frames: [], code: stringOf(value, 'code') };
    }
    var run = readRun(value);
    return { socket: socket, seq: run.seq, frames: run.frames };
}
/** An answer that says that all is well. */
function okay(body) {
    if (!isObject(body)) {
        throw new Error('the answer is no JSON object but ' + describe(body));
    }
    if (body.ok !== true) {
        throw new Error('the answer has no "ok":true' + (typeof body.error === 'string' ? ': ' + body.error : ''));
    }
    return body;
}
function readRun(body) {
    var seq = body.seq;
    if (!isWhole(seq, 1, 0x1fffffffffffff)) {
        throw new Error('the answer\'s "seq" is no number of a message but ' + describe(seq));
    }
    var messages = body.messages;
    if (!isArray(messages)) {
        throw new Error('the answer\'s "messages" are no list but ' + describe(messages));
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
/** The frame of a message, and null of a heartbeat. It has the same Errors as read. */
function readMessage(message) {
    if (!isObject(message)) {
        throw new Error('no JSON object but ' + describe(message));
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
                throw new Error('its "code" is no close code but ' + describe(message.code));
            }
            if (typeof message.wasClean !== 'boolean') {
                throw new Error('its "wasClean" is no boolean but ' + describe(message.wasClean));
            }
            return { kind: 'c', data: stringOf(message, 'reason'), code: message.code, wasClean: message.wasClean };
    }
    throw new Error('its "type" is none that is known but ' + describe(message.type));
}
function bytesOf(base64) {
    return typeof Uint8Array === 'undefined' ? decodeToString(base64) : decode(base64);
}
function stringOf(message, name) {
    var value = message[name];
    if (typeof value !== 'string') {
        throw new Error('its "' + name + '" is no string but ' + describe(value));
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
function describe(value) {
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
        read: function (at, ack, ttl, _, receiver) {
            if (hurried && hurried())
                ttl = 0;
            var params = query({ a: ack, ttl: ttl, status: 200 });
            return exchange({ url: at.relay + '/j/' + at.socket, params: params, timeout: ttl + margin }, function (answer) {
                if (answer.status === 200) {
                    var messages = void 0;
                    try {
                        messages = read(answer.body);
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

/** The response of `/x` (docs/protocol.md §3.2), made into frames as it comes. It needs typed arrays. */
/** The opcodes of RFC 6455 §5.2 that a relay sends, and what they stand for. */
var kinds = { 1: 't', 2: 'b', 8: 'c', 9: 'ping' };
/** The most that the payload of a control frame has, in bytes. */
var control = 125;
/** No message has so many bytes: who says so is no relay. */
var beyond = 0x1fffffffffffff;
/**
 * Frames puts together unmasked RFC 6455 frames of bytes that were cut anywhere. After an Error it is of no use: what is
 * behind a fault cannot be told from it.
 */
var Frames = /** @class */ (function () {
    function Frames() {
        this.chunks = [];
        this.held = 0;
        /** How many bytes there have to be before it is worth another look. */
        this.need = 2;
        this.closed = false;
    }
    /** Takes bytes, and gives the messages that they make whole, and the close. An Error names what is wrong with them. */
    Frames.prototype.push = function (bytes) {
        var frames = [];
        if (bytes.length)
            this.chunks.push(bytes);
        this.held += bytes.length;
        if (this.held < this.need)
            return frames;
        var all = join(this.chunks);
        var at = 0;
        for (;;) {
            var rest = all.length - at;
            this.need = this.frameLength(all, at, rest);
            if (rest < this.need)
                break;
            var frame = this.frame(all.subarray(at, at + this.need));
            if (frame)
                frames.push(frame);
            at += this.need;
        }
        this.held = all.length - at;
        this.chunks = this.held ? [all.subarray(at)] : [];
        return frames;
    };
    /** Whether nothing is held that is not whole. */
    Frames.prototype.empty = function () {
        return !this.held;
    };
    /** How long the frame at an index is; where that cannot be said yet, how many bytes it takes to say more. */
    Frames.prototype.frameLength = function (all, at, rest) {
        if (rest && this.closed)
            throw new Error('something follows the Close frame');
        if (rest < 2)
            return 2;
        var first = all[at];
        var kind = kinds[first & 15];
        if (first >> 4 !== 8 || !kind) {
            throw new Error('a frame that begins with 0x' + first.toString(16) + ' is no whole message, ping or close');
        }
        var length = all[at + 1];
        if (length > 127)
            throw new Error('a frame is masked');
        if (kind !== 't' && kind !== 'b' && length > control) {
            throw new Error('a control frame is longer than 125 bytes');
        }
        if (length < 126)
            return 2 + length;
        var extended = length === 126 ? 2 : 8;
        if (rest < 2 + extended)
            return 2 + extended;
        var bytes = 0;
        for (var i = 0; i < extended; i++)
            bytes = bytes * 256 + all[at + 2 + i]; // and not <<, which has 32 bits
        if (bytes < (extended === 2 ? 126 : 0x10000))
            throw new Error('a length is not in its shortest form');
        if (bytes > beyond)
            throw new Error('a frame is said to have more bytes than there can be');
        return 2 + extended + bytes;
    };
    /** What a whole frame stands for; null for a ping. */
    Frames.prototype.frame = function (bytes) {
        var kind = kinds[bytes[0] & 15];
        if (kind === 'ping')
            return null;
        var payload = bytes.subarray(bytes[1] < 126 ? 2 : bytes[1] === 126 ? 4 : 10);
        if (kind === 't')
            return { kind: kind, data: fromUTF8(payload) };
        // Not a view: what is beside it in its buffer would be kept, too.
        if (kind === 'b')
            return { kind: kind, data: new Uint8Array(payload) };
        this.closed = true;
        if (payload.length === 1)
            throw new Error('a Close frame has one byte, which is no code');
        var code = payload.length ? payload[0] * 256 + payload[1] : 1005;
        return { kind: 'c', data: fromUTF8(payload.subarray(2)), code: code, wasClean: code !== 1006 };
    };
    return Frames;
}());

/** A response without an end that is a run of frames (protocol 3.2). */
function stream(flow) {
    return {
        streams: true,
        read: function (at, ack, _, heartbeat, receiver) {
            var frames = new Frames();
            var seq = 0;
            var heard = false;
            receiver.asked(true);
            return flow({ url: at.relay + '/x/' + at.socket, params: query({ a: ack, hb: heartbeat }) }, {
                begun: function (header) {
                    seq = sequence(header);
                },
                bytes: function (bytes) {
                    heard = true;
                    var messages = frames.push(bytes);
                    receiver.alive(!messages.length && frames.empty());
                    var first = seq;
                    seq += messages.length;
                    if (messages.length)
                        receiver.received(first, messages);
                },
                done: function (answer) {
                    // A response that was cut may look as if it had ended.
                    if (answer.status === 200 && !(heard && frames.empty()))
                        answer = { status: 0, body: null };
                    receiver.done(answer);
                },
            });
        },
    };
}
/** The number of the first message; an Error where the response is none of a relay's. */
function sequence(header) {
    ofType(header, 'application/octet-stream');
    var seq = header('Polysocket-Seq') || '';
    if (!/^[1-9][0-9]{0,14}$/.test(seq))
        throw new Error("the response's Polysocket-Seq is no number but '" + seq + "'");
    return +seq;
}
/** An Error where a response has another type: it is a page of somebody on the way, who answers in the relay's place. */
function ofType(header, type) {
    var found = header('Content-Type') || '';
    if (found.split(';')[0] !== type)
        throw new Error('the response is no ' + type + " but '" + found + "'");
}

/** Long-polling for many sockets. By POST, where that can be had, they are in no URL. */
function pollMany(exchange, room, hurried) {
    return {
        room: room,
        read: function (relay, sockets, ttl, _, on) {
            if (hurried && hurried())
                ttl = 0;
            var params = query({ s: sockets, ttl: ttl, status: 200 });
            return exchange({ url: relay + '/m', params: params, post: true, timeout: ttl + margin }, function (answer) {
                if (answer.status === 200) {
                    try {
                        var entries = readMany(answer.body);
                        for (var i = 0; i < entries.length; i++)
                            on.entry(entries[i]);
                    }
                    catch (e) {
                        answer = { status: 0, body: { error: e.message } };
                    }
                }
                on.done(answer);
            });
        },
    };
}
/** A response without an end that has a line for whatever comes for any of them. */
function streamMany(flow) {
    return {
        streams: true,
        room: function () {
            return Infinity;
        },
        read: function (relay, sockets, _, heartbeat, on) {
            var lines = new Lines();
            var heard = false;
            return flow({ url: relay + '/m', params: query({ s: sockets, stream: 1, hb: heartbeat }), post: true }, {
                begun: function (header) {
                    ofType(header, 'application/x-ndjson');
                },
                bytes: function (bytes) {
                    heard = true;
                    var all = lines.push(bytes);
                    on.alive(!all.length && lines.empty());
                    for (var i = 0; i < all.length; i++)
                        on.entry(readEntry(JSON.parse(all[i])));
                },
                done: function (answer) {
                    if (answer.status === 200 && !(heard && lines.empty()))
                        answer = { status: 0, body: null };
                    on.done(answer);
                },
            });
        },
    };
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

/*
 * A browser has six connections to one host over HTTP/1.1. So when more sockets of a page read from it than two, those of a
 * kind read by one request.
 */
/** How many sockets read each by itself. */
var apart = 2;
/** How many sockets one request may read (protocol m.sockets), and how many of a group's requests may be under way. */
var mostSockets = 256;
var mostRequests = 2;
/** How many milliseconds the relay has to end a read that was superseded. */
var retirement = 2000;
/** Shared makes ways down of which all sockets that read from one relay have their part. */
var Shared = /** @class */ (function () {
    function Shared(clock) {
        this.clock = clock;
        this.relays = {};
    }
    /**
     * A way down that is `single` while few sockets read from its relay, and when they are more what `many` gives, with all of
     * that.
     */
    Shared.prototype.down = function (single, many) {
        var self = this;
        return {
            streams: single.streams,
            read: function (at, ack, ttl, heartbeat, receiver) {
                var relay = self.relay(at.relay);
                var member = new Member(single, many(), at, ack, ttl, heartbeat, receiver, relay);
                relay.join(member);
                return function () {
                    member.leave();
                };
            },
        };
    };
    Shared.prototype.relay = function (url) {
        var relays = this.relays;
        if (!relays[url]) {
            relays[url] = new Relay(this.clock, url, function () {
                delete relays[url];
            });
        }
        return relays[url];
    };
    return Shared;
}());
/** A read of a socket, which goes by itself or in a group. */
var Member = /** @class */ (function () {
    function Member(single, many, at, ack, ttl, heartbeat, receiver, relay) {
        this.single = single;
        this.many = many;
        this.at = at;
        this.ack = ack;
        this.ttl = ttl;
        this.heartbeat = heartbeat;
        this.receiver = receiver;
        this.relay = relay;
        this.over = false;
        this.group = null;
        this.request = 0;
        this.cancel = null;
    }
    /** Reads by itself. */
    Member.prototype.alone = function () {
        var self = this;
        var request = ++this.request;
        this.cancel = this.single.read(this.at, this.ack, this.ttl, this.heartbeat, {
            asked: this.receiver.asked,
            alive: function (bare) {
                if (self.request === request)
                    self.receiver.alive(bare);
            },
            superseded: function () {
                return self.request !== request;
            },
            received: function (seq, frames) {
                self.received(seq, frames);
            },
            done: function (answer) {
                if (self.request === request)
                    self.done(answer);
            },
        });
    };
    /** A group is about to supersede what it reads by itself. What it gives takes that back. */
    Member.prototype.retire = function () {
        this.request++;
        var cancel = this.cancel;
        this.cancel = null;
        return cancel;
    };
    /** What a read that was superseded brings is told as well: numbers say what comes twice. */
    Member.prototype.received = function (seq, frames) {
        if (this.over)
            return;
        this.ack = Math.max(this.ack, seq + frames.length - 1);
        this.receiver.received(seq, frames);
    };
    Member.prototype.done = function (answer) {
        if (this.over)
            return;
        this.leave();
        this.receiver.done(answer);
    };
    Member.prototype.leave = function () {
        if (this.over)
            return;
        this.over = true;
        this.request++;
        if (this.cancel)
            this.cancel();
        this.relay.leave(this);
    };
    return Member;
}());
/** The reads that there are from a relay. */
var Relay = /** @class */ (function () {
    function Relay(clock, url, end) {
        this.clock = clock;
        this.url = url;
        this.end = end;
        this.members = [];
        this.groups = [];
        this.sharing = false;
        /** Whether it, or somebody on the way, has refused to be read by groups. */
        this.unshared = false;
        this.settling = false;
    }
    Relay.prototype.join = function (member) {
        this.members.push(member);
        if (this.sharing)
            return this.enter(member);
        if (this.members.length <= apart || this.unshared)
            return member.alone();
        this.sharing = true;
        for (var i = 0; i < this.members.length; i++)
            this.enter(this.members[i]);
    };
    Relay.prototype.leave = function (member) {
        this.members = without(this.members, member);
        if (member.group)
            member.group.leave(member);
        this.settle();
    };
    /** Groups do not work: each reads by itself from now on. */
    Relay.prototype.refused = function () {
        this.unshared = true;
        this.part();
    };
    Relay.prototype.enter = function (member) {
        var before = member.retire();
        if (before)
            this.clock.after(retirement, before);
        for (var i = 0; i < this.groups.length; i++)
            if (this.groups[i].takes(member))
                return this.groups[i].join(member);
        var group = new Group(this, member.many);
        this.groups.push(group);
        group.join(member);
    };
    /** Sees whether one alone is left, or none, when those who have read and read again are back. */
    Relay.prototype.settle = function () {
        if (this.settling || this.members.length >= apart)
            return;
        this.settling = true;
        var self = this;
        this.clock.soon(function () {
            self.settling = false;
            if (!self.members.length)
                self.end();
            else if (self.sharing && self.members.length < apart)
                self.part();
        });
    };
    /** Lets all read by themselves. */
    Relay.prototype.part = function () {
        this.sharing = false;
        for (var i = 0; i < this.members.length; i++) {
            var member = this.members[i];
            if (!member.group)
                continue;
            member.group.leave(member, true);
            member.alone();
        }
        this.groups = [];
    };
    return Relay;
}());
/** Sockets that are read by one request: it is made again whenever others join, and the relay ends the one before. */
var Group = /** @class */ (function () {
    function Group(relay, many) {
        this.relay = relay;
        this.many = many;
        this.members = [];
        /** Those under way, the newest last. */
        this.requests = [];
        this.asked = false;
        /** Whether to ask when one of them is over. */
        this.waiting = false;
    }
    /** Whether there is room for it. */
    Group.prototype.takes = function (member) {
        if (member.many !== this.many || this.members.length >= mostSockets)
            return false;
        var length = roomFor(member);
        for (var i = 0; i < this.members.length; i++)
            length += roomFor(this.members[i]);
        return length <= this.many.room();
    };
    Group.prototype.join = function (member) {
        member.group = this;
        this.members.push(member);
        this.ask();
    };
    /** Takes a member out. Nothing is asked for again: what comes for it is for nobody. */
    Group.prototype.leave = function (member, superseded) {
        member.group = null;
        this.members = without(this.members, member);
        if (this.members.length)
            return;
        var requests = this.requests;
        this.requests = [];
        for (var i = 0; i < requests.length; i++) {
            if (superseded)
                this.relay.clock.after(retirement, requests[i].cancel);
            else
                requests[i].cancel();
        }
    };
    /** Asks when all that join in one go are there. */
    Group.prototype.ask = function () {
        if (this.asked)
            return;
        this.asked = true;
        var self = this;
        this.relay.clock.soon(function () {
            self.asked = false;
            self.read();
        });
    };
    Group.prototype.read = function () {
        if (!this.members.length)
            return;
        this.waiting = this.requests.length >= mostRequests;
        if (this.waiting)
            return;
        var self = this;
        var before = this.requests[0];
        if (before)
            this.relay.clock.after(retirement, before.cancel);
        var members = this.members.slice();
        var request = { members: members, cancel: nothing$2, brought: false };
        this.requests.push(request);
        var ttl = members[0].ttl;
        var heartbeat = members[0].heartbeat;
        var sockets = [];
        for (var i = 0; i < members.length; i++) {
            ttl = Math.min(ttl, members[i].ttl);
            heartbeat = Math.min(heartbeat, members[i].heartbeat);
            sockets.push(members[i].at.socket + ':' + members[i].ack);
            members[i].receiver.asked(!!this.many.streams);
        }
        var cancel = this.many.read(this.relay.url, sockets.join(','), ttl, heartbeat, {
            alive: function (bare) {
                self.alive(request, bare);
            },
            entry: function (entry) {
                self.came(request, entry);
            },
            done: function (answer) {
                self.done(request, answer);
            },
        });
        request.cancel = function () {
            cancel();
            self.over(request);
        };
    };
    /** Tells those whom a request reads, and who wait still, that it goes well. */
    Group.prototype.alive = function (request, bare) {
        if (!this.newest(request) && this.many.streams)
            return;
        for (var i = 0; i < request.members.length; i++) {
            if (request.members[i].group === this)
                request.members[i].receiver.alive(bare);
        }
    };
    Group.prototype.came = function (request, entry) {
        var member;
        for (var i = 0; i < this.members.length; i++) {
            if (this.members[i].at.socket === entry.socket)
                member = this.members[i];
        }
        if (!member)
            return;
        if (entry.seq > member.ack + 1 && !has(request.members, member))
            return this.behind();
        request.brought = true;
        if (entry.code === 'no_socket') {
            return member.done({ status: 403, body: { ok: false, code: entry.code, error: 'the relay has no such socket' } });
        }
        if (entry.frames.length)
            member.received(entry.seq, entry.frames);
        // Any other code says that it is not read any more. In the newest it is an older one that has done it, which was late.
        if ((!this.many.streams || entry.code) && this.newest(request))
            member.done({ status: 200, body: null });
    };
    /**
     * What goes before came between two reads of a socket, when nobody was there for it. The request that the later read has asked for
     * brings all of it again; it need not wait any more.
     */
    Group.prototype.behind = function () {
        if (this.waiting)
            this.requests[0].cancel();
    };
    Group.prototype.done = function (request, answer) {
        var newest = this.newest(request);
        this.over(request);
        if (!newest)
            return;
        // Those for whom nothing came go on waiting.
        if (answer.status === 200 && request.brought && !this.many.streams) {
            this.alive(request, true);
            return this.ask();
        }
        if (answer.status >= 400 && answer.status < 500) {
            this.relay.refused();
            return;
        }
        for (var i = 0; i < request.members.length; i++) {
            if (request.members[i].group === this)
                request.members[i].done(answer);
        }
    };
    Group.prototype.newest = function (request) {
        return this.requests[this.requests.length - 1] === request;
    };
    Group.prototype.over = function (request) {
        this.requests = without(this.requests, request);
        if (this.waiting)
            this.ask();
    };
    return Group;
}());
/** How many characters of a URL a socket may take, with what it acknowledges. */
function roomFor(member) {
    return member.at.socket.length + '%3A%2C'.length + 15;
}
function nothing$2() { }

/**
 * Server-sent events (protocol 3.3). They end without saying why: where nothing has come before, a poll that does not wait asks
 * whether the socket is there at all.
 */
function sse(events, exchange) {
    return {
        streams: true,
        read: function (at, ack, _, heartbeat, receiver) {
            var heard = false;
            receiver.asked(true);
            var cancel = events(at.relay + '/e/' + at.socket + '?' + query({ a: ack, hb: heartbeat }), {
                event: function (data, id) {
                    heard = true;
                    var frame;
                    try {
                        frame = readMessage(JSON.parse(data));
                        if (frame && !/^[1-9][0-9]{0,14}$/.test(id))
                            throw new Error("the id of a message is no number but '" + id + "'");
                    }
                    catch (e) {
                        cancel();
                        return receiver.done({ status: 0, body: { error: e.message } });
                    }
                    receiver.alive(!frame);
                    if (frame)
                        receiver.received(+id, [frame]);
                },
                ended: function () {
                    if (heard || (receiver.superseded && receiver.superseded()))
                        return receiver.done({ status: 200, body: null });
                    cancel = poll(exchange).read(at, ack, 0, 0, {
                        asked: receiver.asked,
                        alive: receiver.alive,
                        received: receiver.received,
                        done: truth,
                    });
                },
            });
            function truth(answer) {
                if (answer.status === 200)
                    answer = { status: 0, body: answer.body };
                receiver.done(answer);
            }
            return function () {
                cancel();
            };
        },
    };
}

/** All sockets of the page share what they read of one relay. */
var shared = new Shared(clock);
var manyPolls = pollMany(xhr, function () {
    return Infinity;
});
var manyStreams = streamMany(flow);
var manyScripts = pollMany(script, urlRoom, pageLoads);
function byPolls() {
    return manyPolls;
}
function byStreams() {
    return manyStreams;
}
function byScripts() {
    return manyScripts;
}
var up = batches(xhr);
/** The transports through a relay. `websocket` is none of them: it goes past the relay. */
var transports = {
    stream: { missing: streamMissing, exchange: xhr, up: up, down: shared.down(stream(flow), byStreams) },
    sse: { missing: sseMissing, exchange: xhr, up: up, down: shared.down(sse(events, xhr), byPolls) },
    xhr: { missing: xhrMissing, exchange: xhr, up: up, down: shared.down(poll(xhr), byPolls) },
    jsonp: {
        missing: scriptMissing,
        exchange: script,
        up: parts(script),
        down: shared.down(poll(script, pageLoads), byScripts),
    },
};
function streamMissing() {
    return xhrMissing() || !(fetchFlows() || xhrFlows());
}
function sseMissing() {
    return xhrMissing() || eventsMissing();
}

/** The ways down that one which is open by the first of these names may step to: they have what it has, but for reading. */
function waysOf(names) {
    var ways = [];
    for (var i = 0; i < names.length; i++) {
        var transport = transports[names[i]];
        var first = transports[names[0]];
        if (!transport || transport.exchange !== first.exchange || transport.missing())
            continue;
        ways.push({ name: names[i], down: transport.down });
    }
    return ways;
}
/**
 * Writes into info what a link tells of its steps: the transport in use, and behind those that were given up before it was
 * open, those that are now. A transport is in the list once.
 */
function writeSteps(info, ways, changed) {
    var before = info.gaveUp;
    var stepped = [];
    function place(name) {
        for (var i = 0; i < ways.length; i++)
            if (ways[i].name === name)
                return i;
        return -1;
    }
    return function (from, to, why) {
        if (why)
            stepped.push({ transport: from, why: why });
        var left = [];
        for (var i = 0; i < stepped.length; i++)
            if (place(stepped[i].transport) < place(to))
                left.push(stepped[i]);
        stepped = left;
        info.transport = to;
        info.gaveUp = before.concat(stepped);
        changed();
    };
}

/*
 * A group is the transports that share an exchange, and so a create and the way up: what fails for one of them would for the
 * others, and a connection by one may go on by another.
 */
/** Puts transports into groups, each in the place of the first of them. The browser's own is alone. */
function byExchange(names) {
    var groups = [];
    var seen = {};
    for (var i = 0; i < names.length; i++) {
        var group = null;
        if (seen[names[i]])
            continue;
        seen[names[i]] = true;
        for (var j = 0; j < groups.length; j++)
            if (exchangeOf(groups[j][0]) === exchangeOf(names[i]))
                group = groups[j];
        if (group)
            group.push(names[i]);
        else
            groups.push([names[i]]);
    }
    return groups;
}
/** Undefined for the browser's own, which has none, and nothing in common with others. */
function exchangeOf(name) {
    var transport = transports[name];
    return transport && transport.exchange;
}
/** Those that this browser has, and that are not remembered as blocked. The others are given up. */
function present(names, place, journal) {
    var there = [];
    var held = [];
    var why = place.blocked('stream');
    for (var i = 0; i < names.length; i++) {
        var name_1 = names[i];
        if (transports[name_1].missing())
            journal.gaveUp([name_1], 'missing', 'this browser has no ' + name_1, tells.missing);
        else
            (why && streams(name_1) ? held : there).push(name_1);
    }
    if (!there.length)
        return held; // there is nothing else
    if (held.length)
        journal.gaveUp(held, why, 'streams are ' + why, tells.missing);
    return there;
}
function streams(name) {
    return !!transports[name].down.streams;
}
var slots = new Slots(clock);
var names = new Names(clock);
var doubts = new Doubts(clock);
/** What is known of the ways to relays, by the router that leads there: the relay may be another for each socket. */
var paths = {};
function pathTo(router) {
    return paths[router] || (paths[router] = { proven: false });
}
/** A connection by the first of a group, which may step to the others. */
function connection$1(group, at, rota, router, roundTrip, place, journal) {
    var first = transports[group[0]];
    var ways = waysOf(group);
    var about = {
        relay: at.names ? at.names.bare : at.relay,
        host: at.relay.split('/')[2],
        router: router,
        rota: rota,
        exchange: first.exchange,
    };
    names.begin(at);
    var write = writeSteps(journal.info, ways, journal.changed);
    return relayed({
        at: at,
        up: first.up,
        downs: ways,
        path: pathTo(router),
        exchange: first.exchange,
        names: names,
        slots: slots,
        clock: clock,
        roundTrip: roundTrip,
        alive: function (tell) {
            return doubts.ask(about, tell);
        },
        stepped: function (from, to, why) {
            if (why === 'buffered')
                place.block('stream', why);
            else if (!why)
                place.forget('stream', 'buffered'); // a stream works again
            write(from, to, why);
        },
    });
}

/**
 * The runners of a race in the order of their transports: the native one, where there is one to take part, and one through a
 * relay for all transports that share an exchange, in the place of the first of them.
 */
function course(names, asking, native) {
    var groups = byExchange(names);
    var runners = [];
    for (var i = 0; i < groups.length; i++) {
        if (groups[i][0] !== 'websocket')
            runners.push(asking.by(groups[i]));
        else if (native)
            runners.push(native);
    }
    return runners;
}

/** Opens the browser's own WebSocket, and gives it up where it is not open in time. */
function openNative(Native, url, protocols, timeout, clock, on) {
    var start = clock.now();
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
        native.onclose = native.onerror = null;
        on.opened(connection(native), native.protocol, native.extensions, clock.now() - start);
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

/** A run that is over. */
var still = { cancel: function () { }, lose: function () { } };
/**
 * Sends off runners, one after the other: the next when the last one sent off has failed, or has run alone for its time. The
 * first to arrive has won. It has failed when all have.
 */
function race(runners, clock, on) {
    var runs = [];
    var started = 0;
    var running = 0;
    var over = false;
    var stopTimer = function () { };
    function next() {
        stopTimer();
        if (started < runners.length) {
            send(started++);
        }
        else if (!running) {
            over = true;
            on.failed();
        }
    }
    function send(index) {
        var runner = runners[index];
        running++;
        if (runner.alone !== undefined)
            stopTimer = clock.after(runner.alone, next);
        var run = runner.start({
            arrived: function (prize) {
                over = true;
                stopTimer();
                for (var i = 0; i < runs.length; i++)
                    if (i !== index)
                        runs[i].lose();
                on.arrived(prize);
            },
            failed: function () {
                running--;
                if (!over && (index === started - 1 || !running))
                    next();
            },
        });
        runs[index] = run;
        if (over)
            run.cancel(); // while it was sent off
    }
    next();
    return function () {
        if (over)
            return;
        over = true;
        stopTimer();
        for (var i = 0; i < runs.length; i++)
            if (runs[i])
                runs[i].cancel();
    };
}

/**
 * For how many milliseconds the browser's own WebSocket is tried alone: for twice as long as it took the last time, at least
 * so long, which is a round trip on any line that is not very poor, and at most so long, since somebody waits.
 */
var leastAlone = 250;
var mostAlone = 3000;
/**
 * A runner that opens the browser's own WebSocket, and remembers what becomes of it. That it is blocked is known only where a
 * relay has opened: else it may be the target, or there is no network at all.
 */
function learning(config, url, protocols, place, journal) {
    return {
        alone: Math.min(mostAlone, Math.max(leastAlone, 2 * place.took())),
        start: function (on) {
            if (config.native)
                return start(config.native, on);
            journal.gaveUp(['websocket'], 'missing', 'this browser has no websocket', tells.missing);
            on.failed();
            return still;
        },
    };
    function start(Native, on) {
        var failed = '';
        var lost = false;
        var cancel = openNative(Native, url, protocols, config.timeout, clock, {
            opened: function (connection, protocol, extensions, took) {
                place.opened(took);
                if (lost)
                    return connection.close(1000, '');
                on.arrived({ transport: 'websocket', connection: connection, protocol: protocol, extensions: extensions });
            },
            failed: function (why) {
                failed = why;
                if (lost)
                    return place.block('websocket', why);
                journal.gaveUp(['websocket'], why, "the browser's own WebSocket did not open: " + why, tells.native);
                on.failed();
            },
        });
        return {
            cancel: cancel,
            lose: function () {
                lost = true;
                if (failed)
                    return place.block('websocket', failed);
                journal.note('websocket', 'hung');
                place.block('websocket', 'hung', config.timeout); // until it is known: the page may be gone by then
            },
        };
    }
}

var key = 'polysocket';
var version$1 = 1;
/**
 * What is blocked is so by a network, and a page is taken to another: home from work. Nobody tells it, so after half an hour
 * it looks again, which costs it a quarter of a second where nothing has changed. In milliseconds.
 */
var blockedFor = 30 * 60 * 1000;
/** How long opening takes is a matter of where the target is, and of the line. It is measured anew each time. */
var tookFor = 24 * 60 * 60 * 1000;
/** Recalls what is known of a target. It looks each time it is asked, for another tab may have found out more. */
function recall(routers, target) {
    var where = routers.join(' ') + ' ' + target.replace(/^(\w+:\/\/[^\/?#]*).*/, '$1');
    function get(what) {
        var facts = load();
        for (var i = facts.length - 1; i >= 0; i--)
            if (facts[i][0] === where && facts[i][1] === what)
                return facts[i];
        return undefined;
    }
    /** Without a value it is forgotten. */
    function set(what, value, milliseconds) {
        var facts = load();
        var kept = [];
        for (var i = 0; i < facts.length; i++)
            if (facts[i][0] !== where || facts[i][1] !== what)
                kept.push(facts[i]);
        if (value !== undefined)
            kept.push([where, what, value, clock.now() + milliseconds]);
        save(JSON.stringify({ v: version$1, facts: kept.slice(-64) }));
    }
    function blocked(what) {
        var fact = get(what);
        return fact && /^(refused|hung|killed|buffered)$/.test('' + fact[2]) ? '' + fact[2] : '';
    }
    function forget(what, why) {
        if (blocked(what) === why)
            set(what);
    }
    return {
        took: function () {
            var fact = get('took');
            return (fact && +fact[2] > 0 && +fact[2]) || 0;
        },
        blocked: blocked,
        opened: function (took) {
            forget('websocket', 'refused');
            forget('websocket', 'hung'); // and what is killed has opened before
            set('took', took, tookFor);
        },
        block: function (what, why, milliseconds) {
            set(what, why, milliseconds || blockedFor);
        },
        forget: forget,
    };
}
/** What could not be stored. It is this page's own then. */
var own = '';
function load() {
    var facts = [];
    try {
        var all = JSON.parse(own || scope.localStorage.getItem(key));
        var now = clock.now();
        for (var i = 0; all.v === version$1 && i < all.facts.length; i++) {
            var fact = all.facts[i];
            // What lasts for longer than anything was written when the clock was another.
            if (fact && fact[3] > now && fact[3] <= now + tookFor)
                facts.push(fact);
        }
    }
    catch (e) {
        // There is none, or it may not be used, or there is something else.
    }
    return facts;
}
function save(text) {
    own = text;
    try {
        scope.localStorage.setItem(key, text);
        own = '';
    }
    catch (e) {
        // There is none, or it may not be used, or it is full.
    }
}

/** The version of this client, as package.json has it. */
var version = '0.1.0';

/** How often each router is asked, and how long to wait before it is asked again, in milliseconds. */
var rounds = 2;
var pause = 300;
/**
 * After how many milliseconds the next router is asked beside one that has not answered, at most: the target may need as long, and so
 * the first goes on.
 */
var patience = 3000;
/**
 * How many milliseconds a request goes on that is taken back. Its answer may be under way, and tells of a socket that nobody else
 * would close.
 */
var crossing = 500;
/**
 * Has a socket opened (protocol 1.1). It asks the routers one after the other, until one gives it an answer: the next when one has
 * failed, and beside one that hangs.
 */
function create$1(config, wish, exchange, clock, on) {
    var rota = config.rota;
    var began = clock.now();
    var routers = rota.next(began);
    var alone = Math.min(patience, config.timeout / routers.length);
    var params = query({
        from: 'polysocketjs-v' + version,
        target: wish.target,
        protocols: wish.protocols.length ? wish.protocols.join(',') : undefined,
        token: wish.token,
        nonce: wish.nonce,
    });
    var outcomes = {};
    var under = [];
    var tries = 0;
    /** What a router has said that has no relay, or is ill: it says nothing about the others. */
    var word = '';
    /** Whether it was told what came of it, or nobody wants to know. */
    var over = false;
    var stopTimer = null;
    function wait(milliseconds) {
        stopTimer = clock.after(milliseconds, function () {
            stopTimer = null;
            ask();
        });
    }
    function stopWaiting() {
        if (stopTimer)
            stopTimer();
        stopTimer = null;
    }
    /** The one whose turn it is, of those that are not being asked. */
    function next() {
        while (tries < rounds * routers.length) {
            var router = routers[tries++ % routers.length];
            var idle = true;
            for (var i = 0; i < under.length; i++)
                if (under[i].router === router)
                    idle = false;
            if (idle)
                return router;
        }
        return null;
    }
    function ask() {
        stopWaiting();
        var now = clock.now();
        var router = next();
        if (router === null)
            return;
        var asked = { router: router, at: now, cancel: nothing$1 };
        under.push(asked);
        if (tries < routers.length)
            wait(alone);
        var request = {
            url: router + '/create',
            params: params,
            post: true,
            timeout: Math.max(1, began + config.timeout - now),
        };
        asked.cancel = exchange(request, function (answer) {
            under = without(under, asked);
            took(router, answer);
        }, function (answer) {
            unwanted(created(router, answer.body || {}));
        });
    }
    function took(router, answer) {
        var body = answer.body || {};
        var at = created(router, body);
        var said = body.ok === false && typeof body.code === 'string';
        if (over)
            return unwanted(at);
        if (at || said)
            rota.reached(router);
        else
            rota.unreached(router, clock.now());
        if (at) {
            end();
            return on.created(at, body.protocol || '', router);
        }
        outcomes[router] = sentence(answer);
        if (said && body.code !== 'no_relay' && body.code !== 'internal' && !used(body.code)) {
            end();
            return on.refused(body.code, sentence(answer));
        }
        if (said)
            word = body.code;
        if (tries < routers.length)
            return ask();
        var late = answer.late || clock.now() - began >= config.timeout;
        if (!word && !late && tries < rounds * routers.length) {
            if (!stopTimer)
                wait(pause * (0.5 + clock.random()));
            return;
        }
        if (under.length)
            return;
        end();
        if (word)
            on.refused(word, routers.length > 1 ? tried() : sentence(answer));
        else
            on.failed(late ? 'hung' : 'refused', tried());
    }
    /** Whether a token is perhaps a ticket, which another router has that is being asked still: then that one says what came of it. */
    function used(code) {
        return code === 'token_invalid' && under.length > 0;
    }
    function tried() {
        var s = '';
        for (var i = 0; i < routers.length; i++)
            s += (s && '; ') + routers[i] + ': ' + outcomes[routers[i]];
        return s;
    }
    function unwanted(at) {
        if (at)
            close$1(at, exchange);
    }
    /** It is known what came of it. Those who are asked still are not needed, and who had the time has hung. */
    function end() {
        for (var i = 0; i < under.length; i++) {
            if (clock.now() - under[i].at >= alone)
                rota.unreached(under[i].router, clock.now());
        }
        lose();
        takeBack();
    }
    function lose() {
        over = true;
        stopWaiting();
    }
    function takeBack() {
        if (!under.length)
            return;
        clock.after(crossing, function () {
            for (var i = 0; i < under.length; i++)
                under[i].cancel();
            under = [];
        });
    }
    ask();
    return {
        cancel: function () {
            lose();
            takeBack();
        },
        lose: lose,
    };
}
/** Where the socket is that an answer tells of; null where it tells of none. */
function created(router, body) {
    if (body.ok !== true || typeof body.polysocketd !== 'string' || typeof body.socket !== 'string')
        return null;
    var parts = /^(https?:\/\/)([^\/]*)(.*)$/i.exec(router);
    function base(host) {
        // One process that is router and relay has both below the same path.
        return parts[1] + host + (host === parts[2] ? parts[3] : '');
    }
    var at = { relay: base(body.polysocketd), socket: body.socket };
    if (body.bare && typeof body.bare === 'string')
        at.names = { label: at.relay, bare: base(body.bare) };
    return at;
}
/** Closes a socket that nobody wants any more. */
function close$1(at, exchange) {
    var params = query({ t: 'c', code: 1000, status: 200 });
    function by(relay, done) {
        exchange({ url: relay + '/s/' + at.socket, params: params, post: true, timeout: 10000 }, done);
    }
    by(at.relay, function (answer) {
        if (!answer.status && at.names)
            by(at.names.bare, nothing$1);
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
function nothing$1() { }

/** Asks the page for its token. Either event may come before the call has returned, and only one does. */
function askToken(config, clock, on) {
    var over = false;
    var stopTimer = function () { };
    function end() {
        var first = !over;
        over = true;
        stopTimer();
        return first;
    }
    function known(value) {
        if (!end())
            return;
        if (value === undefined)
            on.known(undefined);
        else if (typeof value === 'string')
            on.known(wellFormed(value));
        else
            on.failed('the token is a ' + typeof value + ', not a string');
    }
    function broke(e) {
        if (end())
            on.failed('there is no token: ' + ((e && e.message) || e));
    }
    try {
        var given = typeof config.token === 'function' ? config.token() : config.token;
        if (given && typeof given.then === 'function') {
            stopTimer = clock.after(config.timeout, function () {
                broke('the promise of it has not settled in time');
            });
            given.then(known, broke);
        }
        else {
            known(given);
        }
    }
    catch (e) {
        broke(e);
    }
    return function () {
        end();
    };
}

/** Opens a connection through a relay: one socket, however many ways of asking for it are tried. */
var Asking = /** @class */ (function () {
    function Asking(config, errand, place, journal) {
        this.config = config;
        this.errand = errand;
        this.place = place;
        this.journal = journal;
        this.nonce = newNonce(clock);
        this.token = null;
        /** Whether a router has said no, or the page has no token: by another exchange it would be the same. */
        this.final = false;
    }
    /** A runner that asks by transports which share an exchange: what fails for one of them would for the others. */
    Asking.prototype.by = function (names) {
        var self = this;
        return {
            start: function (on) {
                return self.start(names, on);
            },
        };
    };
    Asking.prototype.start = function (names, on) {
        var self = this;
        var there = this.final ? [] : present(names, this.place, this.journal);
        if (!there.length) {
            on.failed();
            return still;
        }
        function giveUp(why, error, much) {
            self.final = much === tells.reason;
            self.journal.gaveUp(there, why, error, much);
            on.failed();
        }
        var run = still;
        var cancel = this.withToken(function () {
            run = self.create(there, on, giveUp);
        }, function (error) {
            giveUp('refused', error, tells.reason);
        });
        return {
            cancel: function () {
                cancel();
                run.cancel();
            },
            lose: function () {
                cancel();
                run.lose();
            },
        };
    };
    Asking.prototype.withToken = function (known, failed) {
        var self = this;
        if (this.token) {
            known();
            return nothing;
        }
        return askToken(this.config, clock, {
            known: function (token) {
                self.token = { is: token };
                known();
            },
            failed: failed,
        });
    };
    Asking.prototype.create = function (names, on, giveUp) {
        var self = this;
        var errand = this.errand;
        var exchange = transports[names[0]].exchange;
        var began = clock.now();
        var wish = {
            target: errand.target,
            protocols: errand.protocols,
            token: this.token.is,
            nonce: this.nonce,
        };
        return create$1(this.config, wish, exchange, clock, {
            created: function (at, protocol, router) {
                var wrong = errand.wrong(protocol);
                if (!wrong) {
                    return on.arrived({
                        transport: names[0],
                        connection: connection$1(names, at, self.config.rota, router, clock.now() - began, self.place, self.journal),
                        protocol: protocol,
                        extensions: '',
                    });
                }
                close$1(at, exchange);
                giveUp('refused', wrong, tells.reason);
            },
            refused: function (code, error) {
                giveUp(code, error, tells.reason);
            },
            failed: function (why, error) {
                giveUp(why, error, tells.request);
            },
        });
    };
    return Asking;
}());
function nothing() { }

/*
 * There are those on the way who let a handshake pass, and cut what they do not understand a moment later. A connection that
 * is cut soon, when nothing has come yet and there is a network, is taken for one that was killed so.
 */
/** In milliseconds from its opening. Whoever looks at what passes has seen enough by then; what is cut later was idle. */
var soon = 10000;
/**
 * A native connection that goes on as another one, should it be killed, and the page never notices.
 *
 *     native ── killed ──▶ waiting ── opened ──▶ the other
 *        └── ended ──▶ ended ◀── failed ──┘
 */
function revivable(native, clock, on) {
    var current = watched(native, clock, cut);
    var page;
    var sent = false;
    // What the page does while it waits.
    var kept = [];
    var keptBytes = 0;
    var closing = null;
    function cut(end) {
        if (sent) {
            on.killed();
            return end();
        }
        current = null;
        on.revive({
            opened: function (connection) {
                current = connection;
                connection.listen(page);
                for (var i = 0; i < kept.length; i++)
                    connection.send(kept[i]);
                kept = [];
                keptBytes = 0;
                if (closing)
                    closing();
            },
            failed: end,
        });
    }
    return {
        listen: function (events) {
            page = events;
            current.listen(events);
        },
        send: function (data) {
            sent = true;
            if (current)
                return current.send(data);
            var bytes = typeof data === 'string' || isBlob(data) ? data : copy(data);
            kept.push(bytes);
            keptBytes += typeof bytes === 'string' ? utf8Length(bytes) : 'size' in bytes ? bytes.size : bytes.byteLength;
        },
        close: function (code, reason) {
            closing = function () {
                current.close(code, reason);
            };
            if (current)
                closing();
        },
        buffered: function () {
            return keptBytes + (current ? current.buffered() : 0);
        },
    };
}
/** The same connection. Where it is killed cut is called instead of its end being told, and gets what tells it. */
function watched(connection, clock, cut) {
    var opened = clock.now();
    var heard = false;
    var closing = false;
    return {
        listen: function (on) {
            connection.listen({
                message: function (frame) {
                    heard = true;
                    on.message(frame);
                },
                closed: function (code, reason, wasClean, failed, error) {
                    function end(instead) {
                        on.closed(code, reason, wasClean, failed, instead || error);
                    }
                    var killed = code === 1006 && !heard && !closing && clock.now() - opened < soon && !offline();
                    if (killed)
                        cut(end);
                    else
                        end();
                },
            });
        },
        send: function (data) {
            connection.send(data);
        },
        close: function (code, reason) {
            closing = true;
            connection.close(code, reason);
        },
        buffered: function () {
            return connection.buffered();
        },
    };
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

/**
 * Opens a connection: by the browser's own WebSocket or through a relay, whichever is there first. What becomes of each
 * transport is written into info, also afterwards, where the connection goes on by another.
 */
function open(config, url, protocols, info, on) {
    var opening = new Opening(config, url, protocols, info, on);
    // Nothing fails before the constructor has returned.
    clock.soon(function () {
        opening.start();
    });
    return function () {
        opening.cancel();
    };
}
var Opening = /** @class */ (function () {
    function Opening(config, url, protocols, info, on) {
        this.config = config;
        this.url = url;
        this.protocols = protocols;
        this.on = on;
        /** Whether there is a transport through a relay. */
        this.relays = false;
        this.over = false;
        this.stop = function () { };
        this.target = withoutUser(url);
        this.place = recall(config.routers, this.target);
        this.journal = new Journal(info, on.changed);
    }
    Opening.prototype.start = function () {
        if (this.over)
            return;
        var self = this;
        this.stop = race(this.runners(), clock, {
            arrived: function (opened) {
                self.arrived(opened);
            },
            failed: function () {
                self.on.failed(self.journal.error);
            },
        });
        if (this.over)
            this.stop(); // by a listener that was told what this browser has not
    };
    Opening.prototype.cancel = function () {
        this.over = true;
        this.stop();
    };
    Opening.prototype.runners = function () {
        var names = this.config.transports;
        var asked = this.protocols.length > 0;
        // WHATWG WebSockets, "establish a WebSocket connection": one that was asked for a subprotocol has to choose one.
        var asking = this.asking(function (protocol) {
            return asked && !protocol ? 'the target chose none of the subprotocols offered' : '';
        });
        var native = learning(this.config, this.url, this.protocols, this.place, this.journal);
        var relays = course(names, asking, null);
        var all = course(names, asking, native);
        this.relays = relays.length > 0;
        var blocked = this.config.native && this.place.blocked('websocket');
        if (!blocked || !this.relays || all.length === relays.length)
            return all;
        this.journal.gaveUp(['websocket'], blocked, "the browser's own WebSocket is blocked: " + blocked, tells.native);
        return relays.concat([native]); // where no relay is reached it is tried all the same
    };
    Opening.prototype.asking = function (wrong) {
        var errand = { target: this.target, protocols: this.protocols, wrong: wrong };
        return new Asking(this.config, errand, this.place, this.journal);
    };
    Opening.prototype.arrived = function (opened) {
        var on = this.on;
        var connection = opened.connection;
        if (opened.transport !== 'websocket')
            connection = this.suspected(opened);
        else if (this.relays)
            connection = this.guarded(opened);
        this.journal.uses(opened.transport, function () {
            on.opened(connection, opened.protocol, opened.extensions);
        });
    };
    /** A native connection that goes on through a relay, should it be killed. */
    Opening.prototype.guarded = function (opened) {
        var self = this;
        return revivable(opened.connection, clock, {
            killed: function () {
                self.place.block('websocket', 'killed');
                self.killed();
            },
            revive: function (heir) {
                self.killed();
                self.revive(opened.protocol, heir);
            },
        });
    };
    Opening.prototype.killed = function () {
        this.journal.gaveUp(['websocket'], 'killed', "the browser's own WebSocket was cut", tells.native);
    };
    /** Opens another connection for a page that knows of the first, and of its subprotocol. */
    Opening.prototype.revive = function (protocol, heir) {
        var self = this;
        var asking = this.asking(function (other) {
            return other === protocol
                ? ''
                : "the target chose the subprotocol '" + other + "', and before '" + protocol + "'";
        });
        race(course(this.config.transports, asking, null), clock, {
            arrived: function (opened) {
                self.place.block('websocket', 'killed');
                self.journal.uses(opened.transport, function () {
                    heir.opened(self.suspected(opened));
                });
            },
            failed: function () {
                heir.failed(self.journal.error);
            },
        });
    };
    /** A connection through a relay. Where the browser's own was killed, and this one is as well, it was the target. */
    Opening.prototype.suspected = function (opened) {
        var place = this.place;
        if (place.blocked('websocket') !== 'killed')
            return opened.connection;
        return watched(opened.connection, clock, function (end) {
            place.forget('websocket', 'killed');
            end();
        });
    };
    return Opening;
}());

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

export { create, info, install, on, version };
//# sourceMappingURL=polysocket.mjs.map
