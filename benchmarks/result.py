"""One figure of a case, beside its goal and its peer's."""

from statistics import median
from typing import Literal, Self

import msgspec


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """`ratio`: how many times better ours is than the peer's (over 1: better), whichever direction better lies.

    `goal` is for what `goal_of` names; `rounds_…`: every round's figure.
    """

    case: str
    figure: str
    unit: str
    ours: float | None
    peer: float | None = None
    peer_name: str = ""
    ratio: float | None = None
    goal: float | None = None
    goal_of: str = ""
    """`ratio`, `ours`, or nothing when there is no goal."""
    met: bool | None = None
    lower_is_better: bool = False
    rounds_ours: list[float] = []
    rounds_peer: list[float] = []
    conditions: str = ""

    @classmethod
    def of(
        cls,
        case: str,
        figure: str,
        unit: str,
        ours: list[float],
        peer: list[float] | None = None,
        *,
        peer_name: str = "",
        goal: float | None = None,
        goal_of: Literal["ours", "ratio"] = "ours",
        lower_is_better: bool = False,
        conditions: str = "",
    ) -> Self:
        """Medians over rounds; a goal for `ours` must hold in every round."""
        own, other = median(ours) if ours else None, median(peer) if peer else None
        ratio = None
        if own and other and own > 0 and other > 0:
            ratio = other / own if lower_is_better else own / other
        met = None
        if goal is not None and goal_of == "ours":
            met = bool(ours) and (max(ours) <= goal if lower_is_better else min(ours) >= goal)
        elif goal is not None:
            met = ratio is not None and ratio >= goal
        return cls(
            case=case,
            figure=figure,
            unit=unit,
            ours=own,
            peer=other,
            peer_name=peer_name if peer else "",
            ratio=ratio,
            goal=goal,
            goal_of="" if goal is None else goal_of,
            met=met,
            lower_is_better=lower_is_better,
            rounds_ours=ours,
            rounds_peer=peer or [],
            conditions=conditions,
        )
