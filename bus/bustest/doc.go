// Package bustest is the suite that every driver of hub.Bus passes.
//
// Enter by [Run] from a test of the driver's package. A bus may lose; what the suite asks for is that
// it does not when nothing is wrong, that a slow subscriber in the end knows how far each room has
// grown, and that nobody who publishes ever waits.
package bustest
