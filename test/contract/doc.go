// Package contract plays the scenarios of wire/native/testdata/contract over every transport: what one
// way in promises, all do, with one node and with each request of a client at another of two.
//
// Enter by [Load] for the scenarios, and [Play], which plays one with clients of a [Way]. [RoundRobin] is
// the load balancer that knows no stickiness, [Start] starts the nodes behind it. The tests run against servers that are
// there already, on several machines maybe, whatever store and bus they share, with
//
//	VECHE_URLS=https://a.example,https://b.example VECHE_TOKEN_SECRET=… go test ./contract ./sdk -run 'Stickiness'
//
// The rooms and tokens of each run are its own.
package contract
