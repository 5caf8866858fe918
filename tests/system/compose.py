"""`deploy/compose.yaml` as a test reads it: a folder as an operator prepares it, services started without engine."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import yaml

from marketbus.apps.permits.write import write as permits
from tests.system.nats import NatsServer, free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
SECRETS = ("ctp_password", "sopt_password", "grafana_password")
"""What `deploy/secrets` must have; everything else is made by `marketbus permits`."""

Service = dict[str, Any]


def prepare(folder: Path) -> Path:
    """A copy of `deploy` with users, keys, certificates and secrets: what docs/deployment.md tells to do."""
    deploy = folder / "deploy"
    shutil.copytree(DEPLOY, deploy)
    (deploy / "secrets").mkdir()
    for name in SECRETS:
        (deploy / "secrets" / name).write_text("secret")
    assert list(permits(deploy / "nats" / "cluster-users.toml", (), datetime.now(UTC)))
    return deploy


def read(deploy: Path = DEPLOY) -> dict[str, Any]:
    """The file, anchors merged."""
    return cast("dict[str, Any]", yaml.safe_load((deploy / "compose.yaml").read_text("utf-8")))


def lay_out(deploy: Path, compose: dict[str, Any], service: Service, at: str, folder: Path) -> None:
    """Puts a service's configs and secrets where it sees them; what it sees below `at` lies in `folder`."""
    for kind in ("configs", "secrets"):
        for each in service.get(kind, ()):
            source, target = (
                (each, f"/run/secrets/{each}") if isinstance(each, str) else (each["source"], each["target"])
            )
            file = folder / Path(target).relative_to(at)
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(deploy / compose[kind][source]["file"], file)


def nats_nodes(deploy: Path, folder: Path) -> dict[str, NatsServer]:
    """The services of nats-server, not yet started: their own files and variables, on ports of loopback."""
    compose = read(deploy)
    services = {name: each for name, each in compose["services"].items() if "nats-server" in each.get("entrypoint", ())}
    ports = {name: free_port() for name in services}
    routes = ",".join(f"nats://127.0.0.1:{port}" for port in ports.values())
    nodes: dict[str, NatsServer] = {}
    for name, service in services.items():
        node = folder / name
        node.mkdir()
        lay_out(deploy, compose, service, service["working_dir"], node)
        config = service["entrypoint"][service["entrypoint"].index("-c") + 1]
        here = ("--cluster", f"nats://127.0.0.1:{ports[name]}", "--routes", routes, "-m", str(free_port()))
        env = os.environ | service["environment"] | {"NATS_STORE": str(node / "store")}
        nodes[name] = NatsServer(node, config=node / config, arguments=here, env=env)
    return nodes
