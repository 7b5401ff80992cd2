// Package storetest is the suite that every driver of hub.Store passes: it says in code what the
// interface says in words.
//
// Enter by [Run] from a test of the driver's package. What a driver does when its disk fails or its
// process dies is the driver's own test.
package storetest
