"""What the lab's tests share."""

import pytest

from marketbus.lab.ctp import build
from marketbus.lab.ctp.layout import Layout


@pytest.fixture(scope="session")
def layout() -> Layout:
    return Layout(build.ensure() / build.LAYOUTS)
