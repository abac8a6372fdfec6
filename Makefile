# The four verbs of the project. They are the same by hand and in CI, and install
# what is missing (test/install.sh).

golangci := .tools/golangci-lint

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

fmt: ## format the Go sources
	@test/install.sh lint
	$(golangci) fmt
	cd bench && ../$(golangci) fmt

lint: ## look for faults without running anything
	@test/install.sh lint
	$(golangci) run
	cd bench && ../$(golangci) run

test: lint ## lint, vet, and run all tests
	@test/install.sh targets
	go vet ./...
	cd bench && go vet ./... && go build -o /dev/null ./...
	go build -race ./...
	go test -race -shuffle=on -p 1 ./... # one package at a time: some watch the clock

bench: ## measure beside the peers (takes half a minute)
	cd bench && go run .

.PHONY: help fmt lint test bench
