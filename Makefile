# The four verbs of the project. They are the same by hand and in CI, and install
# what is missing (test/install.sh).

golangci := .tools/golangci-lint

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

fmt: ## format the sources
	@test/install.sh lint js
	$(golangci) fmt
	cd bench && ../$(golangci) fmt
	cd js && npm run --silent fmt

lint: ## look for faults without running anything
	@test/install.sh lint js
	$(golangci) run
	cd bench && ../$(golangci) run
	cd js && npm run --silent lint

test: lint ## lint, vet, and run all tests
	@test/install.sh targets
	go vet ./...
	cd bench && go vet ./... && go build -o /dev/null ./...
	go build -race ./...
	cd js && npm run --silent check # js/dist is what js/src makes
	go test -race -shuffle=on -p 1 ./... # one package at a time: some watch the clock
	cd js && npm test --silent

js: ## make js/dist from js/src
	@test/install.sh js
	cd js && npm run --silent build

bench: ## measure beside the peers (takes a minute)
	cd bench && go run .

.PHONY: help fmt lint test js bench
