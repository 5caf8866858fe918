"""What the lab's tests share."""

import pytest

from marketbus.lab.ctp import CTP
from marketbus.lab.ctp_family import build
from marketbus.lab.ctp_family.layout import Layout


@pytest.fixture(scope="session")
def layout() -> Layout:
    return Layout(build.ensure(CTP) / build.LAYOUTS)
