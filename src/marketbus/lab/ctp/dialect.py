"""CTP: futures, their options and combinations on six exchanges, day and night."""

from marketbus.lab.ctp_family.dialect import Dialect
from marketbus.lab.hours import Hours
from marketbus.lab.instruments import Kind, listings

CTP = Dialect(
    kind="ctp",
    distribution="vnpy-ctp",
    version="6.7.11.4",
    sha256="c73a432171f9d45c341fa8472bed56e6ca00c97d6e04898dfa65593ff2d6fd2a",
    include="vnpy_ctp/api/include/ctp",
    libraries={"md": "libthostmduserapi_se.so", "td": "libthosttraderapi_se.so"},
    create={
        "md": "CreateFtdcMdApi(const char *, const bool, const bool, bool)",
        "td": "CreateFtdcTraderApi(const char *, bool)",
    },
    api_version="marketbus-lab v6.7.11",
    listings=listings,
    product_classes={Kind.FUTURE: "1", Kind.OPTION: "2", Kind.COMBINATION: "3"},
    columns=lambda _: {},
    hours=Hours.NIGHT_23,
    night=True,
    action_day=True,
)
