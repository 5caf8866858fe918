"""Why an order was denied: the rule, its limit, and the value that broke it."""

import msgspec

from marketbus.domain.message import Bilingual, say
from marketbus.domain.order_events import Denied

Value = str | int | float


class Verdict(msgspec.Struct, frozen=True):
    """A rule said no. Its sentence is `risk.<rule>` of domain.message."""

    rule: str
    limit: Value
    value: Value
    facts: dict[str, Value] = {}
    """What else the sentence names."""

    @property
    def words(self) -> Bilingual:
        """The sentence in both languages."""
        fields = {name: _plain(each) for name, each in {**self.facts, "limit": self.limit, "value": self.value}.items()}
        code = f"risk.{self.rule}"
        return Bilingual(say(code, "en", fields), say(code, "zh", fields))

    def denied(self, client_order_id: str, at: int) -> Denied:
        """The event that ends the order."""
        facts: dict[str, str | int | float | bool | None] = {**self.facts, "limit": self.limit, "value": self.value}
        return Denied(client_order_id, at, self.rule, str(self.words), facts)


def _plain(value: Value) -> Value:
    """`10`, not `10.0`; `0.3`, not `0.30000000000000004`."""
    if not isinstance(value, float):
        return value
    return int(value) if value.is_integer() else round(value, 8)
