# Every target does its own set-up. `make run` and `make test` are all a new machine needs.
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup run test lint bench native-test soak clean pins image image-test wheelhouse wheelhouse-test dashboards-test rules-test

setup: ## .venv with everything, the zh_CN.GB18030 locale, the simulated CTP libraries
	@scripts/setup.sh

run: setup ## simulated counter -> real SDK -> NATS -> live board
	@$(BIN)/marketbus up --demo

lint: setup
	@scripts/lint.sh

test: lint
	@$(BIN)/pytest -q -n 3 --no-loadscope-reorder

bench: setup
	@$(BIN)/python -m benchmarks

native-test: setup ## the accelerator under the sanitizers, and fuzzed where there is clang
	@scripts/native_test.sh
	@$(BIN)/python -m tests.native_check

soak: setup
	@$(BIN)/python -m benchmarks.soak

dashboards-test: setup ## every query of the dashboards, asked of a real Prometheus that scrapes the demo
	@scripts/prometheus.sh
	@$(BIN)/python -m tools.grafana.live

rules-test: ## the rules for Prometheus: syntax, and what each of them does
	@scripts/prometheus.sh
	@promtool check config deploy/prometheus/prometheus.yml
	@promtool test rules deploy/prometheus/tests/marketbus.yml

pins: setup ## resolve the requirement files anew
	@scripts/pins.sh

image: ## the container image, by docker, podman or buildah; BASE_IMAGE=, IMAGE=, APT_SOURCES= (scripts/image.sh)
	@scripts/image.sh

image-test: ## as root: a base by debootstrap, the image on it by buildah, and the demo in it
	@python3 -m tools.image_test

wheelhouse: setup ## dist/wheelhouse: what a machine without network installs
	@scripts/wheelhouse.sh

wheelhouse-test: wheelhouse ## as root: installs it where there is no network, and runs the demo there
	@scripts/wheelhouse_test.sh

clean:
	rm -rf $(VENV) .uv .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
