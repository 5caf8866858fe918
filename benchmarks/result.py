"""One figure of a case, beside its goal and its peer's."""

from statistics import median
from typing import Literal, Self

import msgspec

OURS = "marketbus"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """`ratio` is ours / peer; `goal` bounds what `goal_of` names, from above if `lower_is_better`, else from below.

    `rounds_…`: every round's figure. Where the goal is for `ours` alone there is no ratio.
    """

    case: str
    figure: str
    unit: str
    ours: float | None
    ours_name: str = OURS
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
    detail: bool = False
    """For the tables that show all sides next to each other, not for the table of goals."""
    reason: str = ""
    """Why it was not run, if it was not."""

    @classmethod
    def of(
        cls,
        case: str,
        figure: str,
        unit: str,
        ours: list[float],
        peer: list[float] | None = None,
        *,
        ours_name: str = OURS,
        peer_name: str = "",
        goal: float | None = None,
        goal_of: Literal["ours", "ratio"] = "ours",
        lower_is_better: bool = False,
        conditions: str = "",
        detail: bool = False,
    ) -> Self:
        """Medians over rounds; a goal for `ours` must hold in every round."""
        own, other = median(ours) if ours else None, median(peer) if peer else None
        ratio = met = None
        if goal is not None and goal_of == "ours":
            met = bool(ours) and (max(ours) <= goal if lower_is_better else min(ours) >= goal)
        else:
            if own and other and own > 0 and other > 0:
                ratio = own / other
            if goal is not None:
                met = ratio is not None and (ratio <= goal if lower_is_better else ratio >= goal)
        return cls(
            case=case,
            figure=figure,
            unit=unit,
            ours=own,
            ours_name=ours_name,
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
            detail=detail,
        )

    @classmethod
    def not_run(
        cls,
        case: str,
        reason: str,
        figure: str = "",
        *,
        unit: str = "",
        ours_name: str = OURS,
        peer_name: str = "",
        goal: float | None = None,
        lower_is_better: bool = False,
        detail: bool = False,
    ) -> Self:
        """What this machine could not measure; the goal, if any, is for the ratio, and is open."""
        return cls(
            case=case,
            figure=figure,
            unit=unit,
            ours=None,
            ours_name=ours_name,
            peer_name=peer_name,
            goal=goal,
            goal_of="" if goal is None else "ratio",
            lower_is_better=lower_is_better,
            reason=reason,
            detail=detail,
        )
