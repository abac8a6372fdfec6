// Package chaos puts faults between a client and a server: a TCP proxy of our own, and one small file a fault. Faults
// are middleboxes, so they compose as middleboxes do, one behind the other. Those that are about bytes know nothing of
// HTTP; the others know as much of HTTP/1.1 as such a box does.
//
// Everything that a proxy has begun ends with the connection it was begun for, or with Proxy.Close.
package chaos
