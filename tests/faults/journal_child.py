"""A process that writes a journal, for faults that only a process can have. `... HOW PATH`; one JSON line per fact."""

import asyncio
import json
import os
import resource
import sys
import time
from pathlib import Path

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.journal import SqliteJournal
from marketbus.adapters.journal.verify import verify
from marketbus.domain.journal_entry import Entry, EntryKind
from marketbus.ports.journal import JournalUnavailable

NOBODY = 65534


def tell(**facts: object) -> None:
    os.write(1, json.dumps(facts).encode() + b"\n")


def entry(number: int) -> Entry:
    return Entry(
        kind=EntryKind.CLAIMED,
        time=time.time_ns(),
        account="main",
        client_order_id=f"{os.getpid()}-{number}",
        body=json.dumps({"number": number, "words": "x" * (number % 700)}),
    )


async def opened(path: Path) -> SqliteJournal:
    journal = SqliteJournal(path, "ctp", clock=SystemClock())
    await journal.start()
    return journal


async def write(path: Path) -> None:
    """Eight writers at once, for ever; tells what was acknowledged, the moment it is."""
    journal = await opened(path)

    async def one(first: int) -> None:
        for number in range(first, 10**9, 8):
            given = [entry(number) for number in (number, number + 10**9)][: 1 + number % 2]
            positions = await journal.append(given)
            tell(positions=positions, ids=[each.client_order_id for each in given])

    await asyncio.gather(*(one(first) for first in range(8)))


async def full(path: Path) -> None:
    """Files may not grow beyond 200 kB, then may again."""
    journal = await opened(path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    number = 0
    try:
        while True:
            await journal.append([entry(number)])
            number += 1
    except JournalUnavailable as error:
        tell(cause=error.cause, writable=journal.writable, words=str(error))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    while not journal.writable:
        await asyncio.sleep(0.01)
    positions = await journal.append([entry(number + 1)])
    told = [each async for page in journal.events(number) for each in page]
    tell(acknowledged=number, positions=positions, kinds=[each.entry.kind for each in told], body=told[-2].entry.body)
    await journal.stop()


async def forbidden(path: Path) -> None:
    """Without any right to write."""
    if os.geteuid() == 0:
        await asyncio.to_thread(Path("/").as_uri)  # imports what nobody may read
        os.setresuid(NOBODY, NOBODY, NOBODY)
    journal = await opened(path)
    try:
        await journal.append([entry(1)])
    except JournalUnavailable as error:
        tell(cause=error.cause, words=str(error), ok=verify(path).ok)
        try:
            tell(read=[each.position async for page in journal.events(0) for each in page])
        except JournalUnavailable as unread:
            tell(unread=str(unread))
    await journal.stop()


if __name__ == "__main__":
    asyncio.run({"write": write, "full": full, "forbidden": forbidden}[sys.argv[1]](Path(sys.argv[2])))
