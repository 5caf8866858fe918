"""`deploy/`: what it refers to is there, keeps its secrets, and the cluster of its compose file is one."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import nats.errors
import pytest
import yaml
from nats.aio.client import Client

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.nats.name_bucket import BUCKET, REPLICAS
from marketbus.adapters.nats.name_lease import KvNameLease
from marketbus.apps.config import load
from marketbus.apps.exit_codes import ExitCode
from marketbus.client.options import tls_of
from tests.system import eventually
from tests.system.compose import DEPLOY, SECRETS, lay_out, nats_nodes, prepare, read
from tests.system.nats import NatsServer

OURS = "marketbus"
IMAGE_HAS_ONE = {"bus-futures", "bus-options"}
"""Services whose health check is the image's: `marketbus health`."""


@pytest.fixture(scope="module")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("operator"))


@pytest.fixture
def nodes(deploy: Path, tmp_path: Path) -> Iterator[dict[str, NatsServer]]:
    with ExitStack() as ends:
        nodes = nats_nodes(deploy, tmp_path)
        for node in nodes.values():
            node.start()
            ends.callback(node.stop)
        yield nodes


async def client(node: NatsServer, deploy: Path, user: str) -> Client:
    keys, authority = deploy / "nats" / "keys", deploy / "nats" / "tls" / "ca.pem"
    connected = Client()
    await connected.connect(
        node.url.replace("nats://", "tls://"),
        nkeys_seed=str(keys / f"{user}.nk"),
        tls=tls_of(authority),
        inbox_prefix=f"_INBOX.{user}",
        allow_reconnect=False,
    )
    return connected


async def test_three_nodes_of_the_compose_file_keep_the_names_of_gateways_together(
    deploy: Path, nodes: dict[str, NatsServer]
) -> None:
    assert len(nodes) == 3
    first, *_, last = nodes.values()
    worker = await client(first, deploy, "futures")

    async def whole() -> bool:
        try:
            lease = KvNameLease(worker, "ctp", SystemClock(), Random(1), token="first")
            await lease.acquire(lambda host, pid: None)
        except nats.errors.Error:
            return False
        return True

    await eventually(whole, "a lease of the cluster", 20)
    info = await worker.jetstream().stream_info(f"KV_{BUCKET}")  # pyright: ignore[reportUnknownMemberType]
    assert info.cluster is not None
    held = {info.cluster.leader, *(replica.name for replica in info.cluster.replicas or ())}
    assert held == set(nodes)
    assert len(held) == REPLICAS
    heard: list[bytes] = []
    recorder = await client(last, deploy, "recorder")
    ticks = await recorder.subscribe("md.tick.ctp.>")  # pyright: ignore[reportUnknownMemberType]
    await recorder.flush()

    async def told() -> bool:
        await worker.publish("md.tick.ctp.SHFE.rb2701", b"tick")
        try:
            heard.append((await ticks.next_msg(1)).data)
        except nats.errors.TimeoutError:  # the nodes may not have told each other yet who listens
            return False
        return True

    await eventually(told, "a tick from one node to another")
    for connected in (worker, recorder):
        await connected.close()


def test_every_file_that_compose_names_is_there(deploy: Path) -> None:
    compose = read(deploy)
    for kind in ("configs", "secrets"):
        for name, each in compose[kind].items():
            assert (deploy / each["file"]).is_file(), (name, each)
        used = {
            each if isinstance(each, str) else each["source"]
            for service in compose["services"].values()
            for each in service.get(kind, ())
        }
        assert used == set(compose[kind]), kind
    volumes: set[str] = set()
    for service in compose["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (deploy / source).is_dir(), source
            else:
                volumes.add(source)
    assert volumes == set(compose["volumes"])


def test_images_are_pinned_and_ours_is_of_this_version() -> None:
    version = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]["version"]
    for name, service in read()["services"].items():
        image, _, tag = service["image"].rpartition(":")
        assert re.search(r"\d+\.\d+\.\d+", tag), name
        assert image != OURS or tag == version, name


def test_every_service_is_watched_and_comes_back() -> None:
    for name, service in read()["services"].items():
        assert ("healthcheck" in service) != (name in IMAGE_HAS_ONE), name
        assert service["restart"] == "unless-stopped", name
    assert re.search(
        r"^HEALTHCHECK .* CMD \[.marketbus., .health.\]$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE
    )


def test_secrets_are_files_and_stand_nowhere_else(deploy: Path) -> None:
    compose = read(deploy)
    for service in compose["services"].values():
        if service["image"].startswith(OURS):
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]
        for name, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|KEY|TOKEN|SECRET", name) or value.startswith("/run/secrets/"), name
    secret = {compose["secrets"][name]["file"] for name in SECRETS}
    assert secret == {f"secrets/{name}" for name in SECRETS}


@pytest.mark.parametrize("name", ["bus-futures", "bus-options"])
def test_the_configuration_of_each_bus_is_right(name: str, deploy: Path, tmp_path: Path) -> None:
    compose = read(deploy)
    lay_out(deploy, compose, compose["services"][name], "/", tmp_path)
    file = tmp_path / "etc/marketbus/marketbus.toml"
    file.write_text(file.read_text("utf-8").replace("/run/secrets", f"{tmp_path}/run/secrets"), "utf-8")
    config = load(file, env={})
    assert len(config.gateways) == 1
    assert set(config.gateways) <= set(gateways_of(deploy, str(config.nats.principal)))


def gateways_of(deploy: Path, user: str) -> list[str]:
    users = tomllib.loads((deploy / "nats" / "cluster-users.toml").read_text("utf-8"))["user"]
    assert users[user]["role"] == "gateway"
    return users[user]["gateways"]


def test_prometheus_asks_every_bus_and_grafana_asks_prometheus() -> None:
    services: dict[str, Any] = read()["services"]
    asked = {
        target
        for job in parsed(DEPLOY / "prometheus" / "prometheus.yml")["scrape_configs"]
        for group in job["static_configs"]
        for target in group["targets"]
    }
    assert asked == {f"{name}:9870" for name in services if name.startswith("bus-")}
    seen = {volume.split(":")[1]: DEPLOY / volume.split(":")[0] for volume in services["grafana"]["volumes"]}
    provisioning = seen["/etc/grafana/provisioning"]
    (source,) = (each for file in provisioning.glob("datasources/*.yml") for each in parsed(file)["datasources"])
    assert source["url"] == "http://prometheus:9090"
    (provider,) = (each for file in provisioning.glob("dashboards/*.yml") for each in parsed(file)["providers"])
    assert list(seen[provider["options"]["path"]].glob("*.json"))


def parsed(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text("utf-8"))


def test_the_unit_starts_again_whatever_may_be_better_then() -> None:
    """`systemd-analyze verify` judges its words; this, that they are about our program."""
    lines = (DEPLOY / "systemd" / "marketbus.service").read_text().splitlines()
    said = [line.partition("=")[::2] for line in lines if "=" in line and not line.startswith("#")]
    only = {key: value for key, value in said if key != "Environment"}
    env = dict(word.split("=", 1) for key, value in said if key == "Environment" for word in value.split())
    assert (only["Restart"], int(only["RestartPreventExitStatus"])) == ("always", ExitCode.USAGE)
    assert env["MARKETBUS_STATE"] == f"/var/lib/{only['StateDirectory']}"
    assert (env["TZ"], only["NoNewPrivileges"], only["ProtectSystem"]) == ("Asia/Shanghai", "yes", "strict")
    assert only["ExecStart"] == "/opt/marketbus/bin/marketbus up"
