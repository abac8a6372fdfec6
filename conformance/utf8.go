package conformance

import (
	"github.com/polysocket/polysocket/conformance/target"
)

var utf8Rules = []rule{
	every("up.utf8", "whole", testUTF8Whole),
	every("up.utf8", "over parts", testUTF8Parts),
	on("up.utf8", "begun", testUTF8Begun),
	on("up.utf8", "held", testUTF8Held, ample("hold", hold)),
}

func testUTF8Whole(t *T) {
	s, c := t.pair(target.Options{})
	s.raw("\xff", "t=t", "n=1").do().fails(400, "bad_request")
	s.form("t=t", "d=a\xc3", "n=1").do().fails(400, "bad_request")
	s.jsonp("t=t", "d=\xed\xa0\x80", "n=1").do().fails(400, "bad_request")
	s.raw(run(target.Text("\x80"), target.Text("behind")), "t=f", "n=1").do().fails(400, "bad_request")
	s.form("t=t", "d=\xff").do().fails(400, "bad_request")
	s.form("t=t", "d=one", "n=1").do().reached(1) // they took no number
	s.raw(run(target.Text("two"), target.Text("\x80"), target.Text("behind")), "t=f", "n=2").do().fails(400, "bad_request")
	s.form("t=t", "d=three", "n=3").do().reached(3)
	c.Saw("text one", "text two", "text three")
}

func testUTF8Parts(t *T) {
	s, c := t.pair(target.Options{})
	text := "é€😀x" // cut after every byte
	for i := range len(text) {
		m := "m=1"
		if i == len(text)-1 {
			m = "m=0"
		}
		s.raw(text[i:i+1], "t=t", m, n(i+1)).do().reached(int64(i + 1))
	}
	c.Saw("text " + text)
	s.form("t=t", "d=\xe2\x82", "m=1").do().is(201)
	s.form("t=t", "d=", "m=1").do().is(201)
	s.form("t=t", "d=\xac").do().is(201)
	c.Saw("text €")
	// Binary is not judged.
	s.raw("\xff", "t=b", "m=1").do().is(201)
	s.raw("\xc3", "t=b").do().is(201)
	c.Saw("binary \xff\xc3")
}

func testUTF8Begun(t *T) {
	for what, parts := range map[string][]string{
		"a wrong byte":                 {"a", "\xff"},
		"a wrong continuation":         {"\xc3", "x"},
		"a surrogate over parts":       {"\xed", "\xa0\x80"},
		"too long a form over parts":   {"\xe0", "\x80\x80"},
		"an end inside of a character": {"a", "b\xe2\x82"},
		"an empty end inside of one":   {"a\xc3", ""},
	} {
		t.sub(what, func(t *T) {
			s, c := t.pair(target.Options{})
			s.raw(parts[0], "t=t", "m=1", "n=1").do().reached(1)
			s.raw(parts[1], "t=t", "n=2").do().fails(400, "bad_request")
			if e := c.Next(); e.Kind != target.KindClose || e.Code != 1007 {
				t.Errorf("up.utf8: the target saw %q, want close 1007", e)
			}
			s.poll("ttl=10000").do().has("close 1006 unclean")
			s.gone()
		})
	}
	t.sub("in the middle", func(t *T) {
		s, c := t.pair(target.Options{})
		s.raw("a", "t=t", "m=1", "n=1").do().reached(1)
		s.raw("\xff", "t=t", "m=1", "n=2").do().fails(400, "bad_request")
		if e := c.Next(); e.Kind != target.KindClose || e.Code != 1007 {
			t.Errorf("up.utf8: the target saw %q, want close 1007", e)
		}
		s.poll("ttl=10000").do().has("close 1006 unclean")
	})
}

// testUTF8Held holds parts that are good or bad only by what comes before them.
func testUTF8Held(t *T) {
	s, c := t.pair(target.Options{})
	end := s.raw("\xa9", "t=t", "n=2").start().held()
	s.raw("\xc3", "t=t", "m=1", "n=1").do().is(201)
	end.wait().reached(2)
	c.Saw("text é")

	s, c = t.pair(target.Options{})
	end = s.raw("\xa9", "t=t", "n=2").start().held()
	s.raw("a", "t=t", "m=1", "n=1").do().is(201)
	end.wait().fails(400, "bad_request")
	if e := c.Next(); e.Kind != target.KindClose || e.Code != 1007 {
		t.Errorf("up.utf8: the target saw %q, want close 1007", e)
	}
	s.poll("ttl=10000").do().has("close 1006 unclean")
}
