"""There is no other way to an SDK's order functions than the desk."""

import ast
from collections.abc import Iterator
from pathlib import Path

import marketbus

SOURCES = Path(marketbus.__file__).parent
NATIVE = (
    "reqOrderInsert", "reqOrderAction", "reqParkedOrder", "reqBatchOrderAction", "reqExecOrder", "reqQuote",
    "reqCombAction", "reqOptionSelfClose", "reqForQuote", "reqOffsetSetting", "reqLockInsert", "reqLockAction",
)  # fmt: skip
"""The functions of the native API that place, change or end an order, by their beginnings (source: TraderApi.h)."""
VNPY = ("send_order", "cancel_order", "send_quote", "cancel_quote", "send_orders", "cancel_orders")
PORT = "TradingGateway"


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCES.rglob("*.py")):
        yield path.relative_to(SOURCES).as_posix(), ast.parse(path.read_text())


def words_of(tree: ast.AST) -> Iterator[str]:
    """Every attribute and every text: `getattr(api, "reqOrderInsert")` is a call too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def asked(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Calls of `send`, `modify` and `cancel` on a gateway, with the function they stand in."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Attribute) and node.attr in ("send", "cancel", "modify"):
                owner = node.value
                name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
                if "gateway" in name:
                    yield function.name, node.attr


def test_the_native_order_functions_are_named_in_a_gateways_own_folder_only() -> None:
    outside = {
        place
        for place, tree in modules()
        if not place.startswith(("gateways/", "lab/"))
        and any(word.startswith(NATIVE) or word.removeprefix("self.") in NATIVE for word in words_of(tree))
    }
    assert not outside


def test_vnpys_order_functions_are_called_in_gateways_only() -> None:
    callers = {
        place
        for place, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in VNPY
        and isinstance(node.value, ast.Attribute | ast.Name)
        and "gateway" in (node.value.attr if isinstance(node.value, ast.Attribute) else node.value.id)
        and not place.startswith("gateways/")
    }
    assert not callers


def test_the_desk_alone_asks_the_port_to_send_to_modify_and_to_cancel() -> None:
    calls = {(place, *call) for place, tree in modules() for call in asked(tree)}
    assert calls == {
        ("application/trading/desk.py", "_call", "send"),
        ("application/trading/desk.py", "_cancel", "cancel"),
        ("application/trading/modify.py", "_call", "modify"),
    }


def test_who_holds_the_port_is_known() -> None:
    """Whoever can name it could call it; these take it along, or are it."""
    holders = {
        place
        for place, tree in modules()
        if any(isinstance(node, ast.alias) and node.name == PORT for node in ast.walk(tree))
    }
    assert {place for place in holders if not place.startswith("gateways/")} <= {
        "application/trading/desk.py",
        "application/trading/modify.py",
        "application/trading/reconciliation.py",
        "application/trading/trading.py",
        "apps/trading.py",
        "ports/gateway.py",
    }


def test_these_checks_see_what_they_look_for() -> None:
    tree = ast.parse("async def rogue(self):\n    await self._gateway.send(order)\n    api.reqOrderInsert({}, 1)")
    assert list(asked(tree)) == [("rogue", "send")]
    assert any(word.startswith(NATIVE) for word in words_of(tree))
