"""What processes have cost so far, from /proc."""

import os
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """CPU seconds (user and system, all threads) and resident bytes."""

    cpu: float
    rss: int

    def since(self, before: "Cost") -> "Cost":
        """What came on top."""
        return Cost(self.cpu - before.cpu, self.rss - before.rss)


def cost(pid: int) -> Cost:
    """Of one process, now."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(after_name[11]) + int(after_name[12])  # utime and stime, fields 14 and 15 of proc(5)
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return Cost(ticks / os.sysconf("SC_CLK_TCK"), resident * os.sysconf("SC_PAGE_SIZE"))
