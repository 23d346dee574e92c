# make help lists every habit. What a target needs and npm or Go can fetch into this folder, it fetches; only make browser
# installs something on the machine.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

ENGINE   := deploy/engine/node_modules/.package-lock.json
PAYLOADS := ingest/github/testdata/octokit/node_modules/.package-lock.json
SCHEMA   := dashboards/testdata/schema/node_modules/.package-lock.json
LINT     := bin/golangci-lint
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
PACKAGES ?= ./...
GOOS     := $(shell go env GOOS)
GOARCH   := $(shell go env GOARCH)

# The engine's package of this platform, in npm's words. The lock file pins the one
# of Linux on x64; the others have the same version.
ENGINE_PACKAGE := @chdb/lib-$(GOOS)-$(subst amd64,x64,$(GOARCH))$(if $(filter linux,$(GOOS)),-gnu)
LIBRARY        := deploy/engine/node_modules/$(ENGINE_PACKAGE)/libchdb.so
DIST           := dist/fivekeys-$(VERSION)-$(GOOS)-$(GOARCH).tar.gz

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

.PHONY: build
build: engine ## Build bin/fivekeys and fetch the engine
	go build -ldflags "-X main.version=$(VERSION)" -o bin/fivekeys ./cmd/fivekeys

.PHONY: dist
dist: engine ## Pack dist/fivekeys-VERSION-PLATFORM.tar.gz, which needs nothing but libc
	mkdir -p dist
	go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o dist/fivekeys ./cmd/fivekeys
	deploy/dist.sh $(DIST) dist/fivekeys $(LIBRARY)
	rm dist/fivekeys
	@echo "$(DIST)"

.PHONY: engine
engine: $(ENGINE) ## Fetch the embedded ClickHouse engine (npm, pinned)

# npm's own marker file says whether the folder holds what the lock file says. A
# package that the lock file doesn't name is fetched by name, in the version that
# it has for the others.
$(ENGINE): deploy/engine/package-lock.json
	cd deploy/engine
	if grep -q '"node_modules/$(ENGINE_PACKAGE)"' package-lock.json; then
		npm ci --ignore-scripts --no-audit --no-fund
	else
		version=$$(sed -n 's/.*"@chdb\/lib-linux-x64-gnu": "\(.*\)".*/\1/p' package.json)
		npm install --no-save --no-package-lock --omit=optional --ignore-scripts --no-audit --no-fund "$(ENGINE_PACKAGE)@$$version"
	fi
	mkdir -p node_modules && touch node_modules/.package-lock.json

.PHONY: payloads
payloads: $(PAYLOADS) ## Fetch GitHub's example payloads for the tests (npm, pinned)

$(PAYLOADS): ingest/github/testdata/octokit/package-lock.json
	cd ingest/github/testdata/octokit && npm ci --ignore-scripts --no-audit --no-fund
	touch node_modules/.package-lock.json

.PHONY: schema
schema: $(SCHEMA) ## Fetch Grafana's published types for the dashboards' test (npm, pinned)

$(SCHEMA): dashboards/testdata/schema/package-lock.json
	cd dashboards/testdata/schema && npm ci --ignore-scripts --no-audit --no-fund
	touch node_modules/.package-lock.json

.PHONY: browser
browser: ## Install Chromium for the tests of the HTML report (Debian's package)
	command -v chromium >/dev/null || { sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); $$sudo apt-get update -qq; $$sudo apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core; }

.PHONY: chromium
chromium:
	@command -v chromium chromium-browser google-chrome >/dev/null || echo "No Chromium: the tests of the HTML report in a browser are SKIPPED (make browser installs it)." >&2

.PHONY: demo
demo: build ## Run everything on sample input and print the report
	bin/fivekeys demo

.PHONY: test
test: build payloads schema chromium ## Run every test, on the real NATS and the real engine
	go test -timeout 30m $(PACKAGES)
	cd deploy/verify && go test ./...

.PHONY: race
race: build payloads schema chromium ## Run the tests under the race detector
	go test -race -timeout 60m $(PACKAGES)

.PHONY: fuzz
fuzz: engine payloads ## Fuzz every decoder for FUZZTIME each (default 20s)
	for pkg in $$(go list ./...); do
		dir=$$(go list -f '{{.Dir}}' $$pkg)
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$dir/*_test.go 2>/dev/null | sed 's/^func //'); do
			echo "== $$pkg $$target"
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $${FUZZTIME:-20s} $$pkg
		done
	done

.PHONY: bench
bench: build ## Measure every promised figure in one run and print them as a table
	go test -run '^$$' -bench '$(or $(FIGURES),Figures)' -benchtime 1x -timeout 60m ./cmd/fivekeys
	FIVEKEYS_BENCH_SPANS=$${FIVEKEYS_BENCH_SPANS:-10000000} go test -run '^$$' -bench SpansAtRest -benchtime 20x -timeout 60m ./processors/spans
	go test -run '^$$' -bench Figures -benchtime 1x -timeout 60m ./dashboards

.PHONY: generate
generate: payloads ## Write generated files again (JSON Schemas, golden files)
	go generate ./...

$(LINT): deploy/lint/go.mod deploy/lint/go.sum
	cd deploy/lint && go build -o ../../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: lint
lint: $(LINT) ## Run the linters and verify generated files
	$(LINT) run
	go mod tidy -diff
	go generate ./...
	git diff --exit-code -- schemas/jsonschema dashboards/json || { echo "generated files differ: run make generate and commit"; exit 1; }

.PHONY: release-data
release-data: build ## Keep a small data folder of bin/fivekeys as that of RELEASE, for the test of upgrades
	mkdir -p cmd/fivekeys/testdata/releases
	FIVEKEYS_RELEASE=$(RELEASE) FIVEKEYS_RELEASE_BINARY=$(CURDIR)/bin/fivekeys go test -count=1 -run TestMakeTheFolderOfARelease ./cmd/fivekeys

.PHONY: secrets
secrets: ## Make random secrets for docker compose in ./secrets
	deploy/docker/secrets.sh secrets

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist deploy/engine/node_modules ingest/github/testdata/octokit/node_modules dashboards/testdata/schema/node_modules
