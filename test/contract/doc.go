// Package contract plays the scenarios of wire/native/testdata/contract over every transport: what one
// way in promises, all do, with one node and with each request of a client at another of two.
//
// Enter by [Load] for the scenarios, and [Play], which plays one with clients of a [Way]. [RoundRobin] is
// the load balancer that knows no stickiness. With VECHE_URLS, several base URLs with commas between
// them, and VECHE_TOKEN_SECRET the tests run against servers that are there already, whatever
// store and bus they share.
package contract
