"""What nats-server says when a user's permissions do not cover a subject."""

import re
from typing import NamedTuple

# server/client.go, nats-server 2.12: pubPermissionViolation, replySubjectViolation, subPermissionViolation. nats-py
# hands the words on in lower case (protocol/parser.py), subjects included.
_WORDS = re.compile(r'permissions violation for (publish|subscription)[^"]*"([^"]+)"', re.IGNORECASE)


class Refusal(NamedTuple):
    """One `-ERR` of the server; the connection goes on."""

    publish: bool
    """Else it is a subscription."""
    subject: str
    """In lower case."""

    def concerns(self, subject: str) -> bool:
        """Whether it is about this subject."""
        return subject.lower() == self.subject


def refusal_of(words: str) -> Refusal | None:
    """The refusal in the server's words, if they are one."""
    found = _WORDS.search(words)
    return None if found is None else Refusal(found[1].lower() == "publish", found[2].lower())
