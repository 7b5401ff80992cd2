package main

import (
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
)

// cli is the command line. A flag's value comes from the command line, else from the environment
// (VECHE_ and its name), else from the configuration file, else it is the default.
type cli struct {
	Config kong.ConfigFlag `placeholder:"FILE" help:"Read settings from this TOML file: the flags' names without dashes in front, lists as arrays."`
	Data   string          `placeholder:"DIR" default:"veche-data" help:"Directory of the rooms and the server's key; made if need be. (${default})"`
	Tokens tokenFlags      `embed:""`

	Serve   serveCmd   `cmd:"" default:"withargs" help:"Run the server. This is the default command."`
	Token   tokenCmd   `cmd:"" help:"Print a token by which a user signs in."`
	Prove   proveCmd   `cmd:"" help:"Break a server in every way and check what it has promised."`
	Load    loadCmd    `cmd:"" help:"Put a crowd of chatting clients on a running server, and tell how it bears them."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

const description = `Veche is a real-time server: rooms that lose nothing, open to a browser's WebSocket, with a chat page.

Examples:
  veche                                     # then open http://localhost:8080
  veche --listen :8443 --tls-cert cert.pem --tls-key key.pem
  veche --config /etc/veche.toml            # listen = ":8080", origin = ["https://example.com"]
  VECHE_LISTEN=:9000 veche                  # every flag is a variable too
  veche token --user u2 --name Anna --expires 24h

The server's own flags, with their variables and defaults: veche serve --help`

// world is what the commands have of the world outside.
type world struct {
	signals <-chan os.Signal // the first asks to stop, the second insists
	stdout  io.Writer
	stderr  io.Writer
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run runs a command line and returns the exit code.
func run(args []string, signals <-chan os.Signal, stdout, stderr io.Writer) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("veche"),
		kong.Description(description),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100, NoAppDescFormat: true}),
		kong.Writers(stdout, stderr),
		kong.DefaultEnvars("VECHE"),
		kong.Configuration(loadConfig),
		kong.Exit(func(code int) { exit = code }),
		kong.Bind(&c, world{signals, stdout, stderr}),
	)
	if err != nil {
		panic(err) // the structs are wrong
	}
	command, err := parser.Parse(args)
	switch {
	case exit >= 0: // --help
		return exit
	case err != nil:
		fmt.Fprintf(stderr, "veche: %v\nveche --help tells more.\n", err)
		return exitUsage
	}
	if err := command.Run(); err != nil {
		fmt.Fprintf(stderr, "veche: %v\n", err)
		return exitFailed
	}
	return exitOK
}
