# Everything that is done to this repository has a name here. `make` alone lists the names.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

MODULES   := $(filter-out tools,$(patsubst %/,%,$(dir $(wildcard go.mod */go.mod))))
NODE_DIRS := $(patsubst %/,%,$(dir $(wildcard */package-lock.json sdk/*/package-lock.json)))
FUZZTIME  ?= 20s
CHECKS    := deps lint build test-go cross sdk-test web-test web-check interop sdk-ways hostile conformance fault abuse storm prove e2e

# Tests of the module test: always anew, and for several times as long as they take on a busy machine.
system    := cd test && go test -count=1 -timeout 15m

title = @printf '\n\033[1m== %s\033[0m\n' '$(1)'

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## start a server on localhost:8080 that keeps its data in ./veche-data
	go run ./cmd/veche

.PHONY: build
build: ## build bin/veche
	$(call title,build)
	go build -trimpath -o bin/veche ./cmd/veche

.PHONY: test
test: ## everything that continuous integration checks; in the end, what failed
	@tools/test.sh $(CHECKS)

.PHONY: test-go
test-go: ## Go tests of all packages, under the race detector
	$(call title,Go tests with the race detector)
	CGO_ENABLED=1 go test -race -timeout 18m ./...
	go test -tags purego ./ws/...

.PHONY: lint
lint: ## gofmt, vet, staticcheck, the import law
	$(call title,lint)
	@bad=$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l); \
	if [ -n "$$bad" ]; then echo "gofmt would change:"; echo "$$bad"; exit 1; fi
	@for m in $(MODULES); do \
	  echo "$$m: vet, staticcheck"; \
	  (cd $$m && go vet ./... && go tool -modfile=$(CURDIR)/tools/go.mod staticcheck ./...); \
	done
	go test -count=1 ./internal/archtest

.PHONY: cross
cross: ## check that the code compiles for macOS and Windows, the engine for more, and that the engine works on 32 bits
	$(call title,other systems)
	@for os in darwin windows; do echo "GOOS=$$os go vet ./..."; CGO_ENABLED=0 GOOS=$$os go vet ./...; done
	GOOS=freebsd CGO_ENABLED=0 go vet ./ws/...
	GOARCH=arm64 CGO_ENABLED=0 go vet ./ws/...
	GOARCH=386 CGO_ENABLED=0 go $(if $(filter amd64,$(shell go env GOHOSTARCH)),test,vet) ./ws/...

.PHONY: deps
deps: ## install what this machine lacks for the tests: Debian packages, npm packages
	$(call title,what the tests need)
	@tools/deps.sh
	@$(MAKE) --no-print-directory node-modules

.PHONY: node-modules
node-modules: $(NODE_DIRS:%=%/node_modules/.package-lock.json)

%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund
	@touch $@

.PHONY: web
web: node-modules ## build the pages into web/dist, which is committed
	$(call title,pages)
	cd web && npm run build

.PHONY: web-check
web-check: node-modules ## check that the committed pages are what their sources build
	$(call title,committed pages are up to date)
	@tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	(cd web && npm run build -- --outDir "$$tmp/dist" --emptyOutDir); \
	diff -r web/dist "$$tmp/dist" || { echo "web/dist is not what web/src builds: run 'make web' and commit"; exit 1; }

.PHONY: web-test
web-test: node-modules ## tests and type check of the pages
	$(call title,tests of the pages)
	cd web && npm test

.PHONY: sdk-test
sdk-test: node-modules ## tests and type check of the TypeScript client
	$(call title,tests of the TypeScript client)
	cd sdk/js && npm run typecheck && npm test && npm run build

.PHONY: interop
interop: node-modules ## strangers in one room, and the engine among strangers: npm ws, Node, Python, Go, curl
	$(call title,strangers in one room)
	$(system) ./harness ./contract ./interop ./socketio

.PHONY: sdk-ways
sdk-ways: node-modules ## the built TypeScript client in plain Node: examples, every transport, a bad network
	$(call title,the client on a bad network)
	$(system) -v ./sdk

.PHONY: conformance
conformance: ## the Autobahn testsuite's cases, the engine as server and as client, in both modes; WHOLE=1 for the large ones in full
	$(call title,the suite cases)
	$(system) $(if $(WHOLE),-timeout 2h) ./conformance

.PHONY: fault
fault: ## kill -9 the server twenty times and look for what is lost
	$(call title,kill -9)
	$(system) -v ./fault

.PHONY: hostile
hostile: ## a network that drops, cuts, swallows and refuses; a thousand messages each way
	$(call title,a hostile network)
	$(system) -v ./hostile/...

.PHONY: abuse
abuse: ## clients that misbehave, and the others that must not notice: the server, and the engine alone
	$(call title,clients that misbehave)
	$(system) -v ./abuse ./engine

.PHONY: prove
prove: build ## two minutes of every fault on the built binary, and beside it servers with planted bugs, each to be found
	$(call title,the proof and its own proof)
	bin/veche prove --seed 1 --minutes 2 --report bin/prove.html & proof=$$!; \
	trap 'kill $$proof 2>/dev/null || true' EXIT; \
	($(system) -v -parallel 8 ./planted); wait $$proof

.PHONY: storm
storm: ## fifteen thousand clients, all cut off at once, by the network and by kill -9: how they come back
	$(call title,a storm of fifteen thousand)
	$(system) -v ./storm

.PHONY: e2e
e2e: node-modules ## people in Chromium; PICTURES=dir saves what they see
	$(call title,people in Chromium)
	$(system) -v ./e2e

.PHONY: pictures
pictures: build node-modules ## take the pictures of docs/pictures anew
	$(call title,pictures)
	@data=$$(mktemp -d); bin/veche --listen 127.0.0.1:18080 --data "$$data" & server=$$!; \
	trap 'kill $$server; rm -rf "$$data"' EXIT; \
	until curl -fs -o /dev/null http://127.0.0.1:18080/readyz; do kill -0 $$server; sleep 0.1; done; \
	cd test/e2e && BASE=http://127.0.0.1:18080/ PICTURES=$(CURDIR)/docs/pictures node pictures.mjs

.PHONY: bench
bench: node-modules ## measure the engine beside its peers and draw docs/benchmarks/engines.svg; BENCH=-quick to try
	$(call title,the engine beside its peers)
	cd bench && go run . engines -chart ../docs/benchmarks/engines.svg $(BENCH)

.PHONY: bench-rooms
bench-rooms: build node-modules ## measure durable sends, fan-out of rooms, Socket.IO and long-polling, beside their peers; BENCH=-quick to try
	$(call title,rooms beside their peers)
	cd bench && go run . sends $(BENCH) && go run . fanout $(BENCH) && go run . socketio $(BENCH) && go run . polls $(BENCH)

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (20s)
	$(call title,fuzz)
	@git grep -lE '^func Fuzz' -- '*_test.go' ':!test' ':!bench' | xargs -n1 dirname | sort -u | while read -r dir; do \
	  grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | sed 's/^func //' | while read -r name; do \
	    echo "$$dir $$name"; go test "./$$dir" -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) </dev/null; \
	  done; \
	done
