"""`marketbus.toml` of a test."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

SETTING: dict[str, Any] = {
    "用户名": "000001",
    "密码": "secret",
    "经纪商代码": "9999",
    "产品名称": "app",
    "授权编码": "0000000000000000",
    "柜台环境": "测试",
}
"""What vnpy's users write, but for the fronts."""


def write_config(file: Path, nats: Mapping[str, Any], gateways: Mapping[str, Mapping[str, Any]]) -> Path:
    """Writes it, readable by its owner only."""
    sections = {"nats": nats, "http": {"listen": "127.0.0.1:0"}} | {
        f"gateway.{name}": keys for name, keys in gateways.items()
    }
    text = ""
    for section, keys in sections.items():
        text += f"[{section}]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in keys.items()) + "\n"
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
    return file


def toml(value: object) -> str:
    """A value as TOML writes it; JSON's scalars and lists are TOML's."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, object]", value).items()
        return "{ " + ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {toml(each)}" for key, each in pairs) + " }"
    return json.dumps(value, ensure_ascii=False)
