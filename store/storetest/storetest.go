package storetest

import (
	"testing"

	"github.com/vechehq/veche/hub"
)

// Driver is what the suite needs to know of a driver.
type Driver struct {
	// Open opens the store that is kept in dir, which is empty the first time. It fails the test if
	// it cannot. The suite closes the store.
	Open func(t testing.TB, dir string) hub.Store

	// Durable says that a store which is closed and opened again at the same dir is the same.
	Durable bool

	// Queue is above how many unanswered messages of one room Append fails with hub.ErrBusy, at
	// most 65,536. A store may take a few more that it has in hand already.
	Queue int
}

// Run runs the suite as subtests of t. A store has to be a hub.Keeper too.
func Run(t *testing.T, d Driver) {
	for _, test := range []struct {
		name    string
		run     func(t *testing.T, d Driver)
		durable bool
	}{
		{name: "Order", run: testOrder},
		{name: "CommitOrder", run: testCommitOrder},
		{name: "Concurrent", run: testConcurrent},
		{name: "Time", run: testTime},
		{name: "UnknownRoom", run: testUnknownRoom},
		{name: "Read", run: testRead},
		{name: "ReadCanceled", run: testReadCanceled},
		{name: "Bodies", run: testBodies},
		{name: "Names", run: testNames},
		{name: "Dup", run: testDup},
		{name: "DupInOneGroup", run: testDupInOneGroup},
		{name: "DupConcurrent", run: testDupConcurrent},
		{name: "NoCIDNoDup", run: testNoCIDNoDup},
		{name: "Receipts", run: testReceipts},
		{name: "ReceiptsLimit", run: testReceiptsLimit},
		{name: "ReceiptsConcurrent", run: testReceiptsConcurrent},
		{name: "Keep", run: testKeep},
		{name: "KeepUntil", run: testKeepUntil},
		{name: "KeepReopen", run: testKeepReopen, durable: true},
		{name: "Trim", run: testTrim},
		{name: "Busy", run: testBusy},
		{name: "AppendInDone", run: testAppendInDone},
		{name: "Close", run: testClose},
		{name: "CloseCommits", run: testCloseCommits},
		{name: "Epoch", run: testEpoch},
		{name: "Model", run: testModel},
		{name: "Reopen", run: testReopen, durable: true},
	} {
		if test.durable && !d.Durable {
			continue
		}
		t.Run(test.name, func(t *testing.T) { test.run(t, d) })
	}
}
