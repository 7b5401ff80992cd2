// Package local is a bus within one process: it joins hubs that share a store, in tests and in
// programs that run several.
//
// Enter by [New], and give the same [Bus] to each hub. It starts a goroutine only while a subscriber
// has something to hear. It refuses to reach another process; that is another driver's work.
package local
