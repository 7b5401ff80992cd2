// Package storm cuts off fifteen thousand clients of the built binary at once, by the network and by
// killing the server, and looks how they come back: soon, all, without having lost a message, and
// without leaving memory behind. Server and clients are processes of their own, for each needs a
// descriptor for every connection.
package storm
