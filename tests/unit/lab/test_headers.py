from pathlib import Path

import pytest

from marketbus.lab.ctp_family import headers, stubs
from marketbus.lab.ctp_family.headers import HeaderError

TYPES = """
//typedef char TNotThis[3];
typedef char TName[9];
typedef char TFlag;
typedef int TNumber;
typedef double TPrice;
enum KIND { ONE };
"""
STRUCTS = """
struct CFooField
{
    ///a comment; with a semicolon
    TFlag Flag;
    TNumber Number;
    TName Name;
    TPrice Price;
    TFlag Tail;
};
"""
CLASSES = """
class CSpi
{
public:
    virtual void OnFrontConnected(){};
    virtual void OnRspFoo(CFooField *pFoo, CThostFtdcRspInfoField *pRspInfo, int nRequestID, bool bIsLast) {};
    virtual void OnRtnFoo(CFooField *pFoo) {};
};
class SOME_API_EXPORT CApi
{
public:
    static CApi *Create(const char *pszFlowPath = "");
    virtual const char *GetTradingDay() = 0;
    virtual int Subscribe(char *ppNames[], int nCount) = 0;
    virtual int ReqQryFoo(CFooField *pFoo, int nRequestID) = 0;
protected:
    ~CApi(){};
};
"""
API = stubs.Api("x", "x.h", "CApi", "CSpi", "CApi::Create(const char *)")


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "all.h"
    path.write_text(TYPES + STRUCTS + CLASSES)
    return headers.read(path)


def test_types_are_read_without_comments(text: str) -> None:
    assert headers.typedefs(text) == {
        "TName": ("char", 9),
        "TFlag": ("char", 0),
        "TNumber": ("int", 0),
        "TPrice": ("double", 0),
    }


def test_structs_are_laid_out_as_the_compiler_does(text: str) -> None:
    foo = headers.structs(text, headers.typedefs(text))["CFooField"]
    assert [(field.name, field.offset) for field in foo.fields] == [
        ("Flag", 0),
        ("Number", 4),
        ("Name", 8),
        ("Price", 24),
        ("Tail", 32),
    ]
    assert foo.size == 40


def test_an_unknown_type_names_the_field(text: str) -> None:
    with pytest.raises(HeaderError, match=r"CFooField\.Flag"):
        headers.structs(text, {})


def test_virtual_methods_in_order_with_their_structs(text: str) -> None:
    found = headers.methods(text, "CApi")
    assert [(method.name, method.struct) for method in found] == [
        ("GetTradingDay", ""),
        ("Subscribe", ""),
        ("ReqQryFoo", "CFooField"),
    ]


def test_requests_and_callbacks_are_numbered_from_sixteen(text: str) -> None:
    numbered = stubs.number(headers.methods(text, "CApi"), headers.methods(text, "CSpi"))
    assert numbered.requests == {"Subscribe": (16, ""), "ReqQryFoo": (17, "CFooField")}
    assert numbered.callbacks == {"OnRspFoo": (16, "CFooField"), "OnRtnFoo": (17, "CFooField")}


def test_queries_go_through_flow_control(text: str) -> None:
    source = stubs.source(API, "v", headers.methods(text, "CApi"), headers.methods(text, "CSpi"))
    assert "front_.query(17, request, data, sizeof *data)" in source
    assert "front_.send_names(16, names, count)" in source


def test_a_method_of_unknown_form_stops_the_build(text: str) -> None:
    odd = text.replace("CFooField *pFoo, int nRequestID) = 0", "double *pFoo) = 0")
    with pytest.raises(HeaderError, match="ReqQryFoo"):
        stubs.source(API, "v", headers.methods(odd, "CApi"), headers.methods(odd, "CSpi"))
