"""SOPT: what its headers, libraries and records have of their own."""

from marketbus.lab.ctp_family.dialect import Dialect
from marketbus.lab.hours import Hours
from marketbus.lab.instruments import Kind
from marketbus.lab.sopt.listings import exchange_code, listings

SOPT = Dialect(
    kind="sopt",
    distribution="vnpy-sopt",
    version="3.7.1.2",
    sha256="ee0e599cc9b0459509d6f125d7dd22a3b7c6786098e6ff532b9270b07baf8ffa",
    include="vnpy_sopt/api/include/sopt",
    libraries={"md": "libsoptthostmduserapi_se.so", "td": "libsoptthosttraderapi_se.so"},
    create={
        "md": "CreateFtdcMdApi(const char *, const bool, const bool)",
        "td": "CreateFtdcTraderApi(const char *)",
    },
    api_version="marketbus-lab sopt v3.7.1",
    listings=listings,
    product_classes={Kind.FUND: "8", Kind.OPTION: "7"},
    columns=lambda listing: {"InstrumentCode": exchange_code(listing)},
    hours=Hours.STOCK_OPTION,
    night=False,
    action_day=False,
)
