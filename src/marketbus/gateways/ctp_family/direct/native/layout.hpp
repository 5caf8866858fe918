// The layouts that this code was written for. The headers come from the venue's package at set-up: others do not compile.
#pragma once

#include <cstddef>

#ifdef MARKETBUS_SOPT
using namespace ctp_sopt;
static_assert(sizeof(CThostFtdcDepthMarketDataField) == 440, "depth record");
static_assert(offsetof(CThostFtdcDepthMarketDataField, InstrumentID) == 9, "InstrumentID");
static_assert(sizeof(CThostFtdcDepthMarketDataField::InstrumentID) == 31, "InstrumentID");
#else
static_assert(sizeof(CThostFtdcDepthMarketDataField) == 584, "depth record");
static_assert(offsetof(CThostFtdcDepthMarketDataField, LastPrice) == 80, "LastPrice");
static_assert(offsetof(CThostFtdcDepthMarketDataField, InstrumentID) == 401, "InstrumentID");
static_assert(sizeof(CThostFtdcDepthMarketDataField::InstrumentID) == 81, "InstrumentID");
#endif
static_assert(sizeof(CThostFtdcDepthMarketDataField::TradingDay) == 9, "TradingDay");
static_assert(sizeof(CThostFtdcDepthMarketDataField::ActionDay) == 9, "ActionDay");
static_assert(sizeof(CThostFtdcDepthMarketDataField::UpdateTime) == 9, "UpdateTime");
static_assert(sizeof(CThostFtdcRspInfoField::ErrorMsg) == 81, "ErrorMsg");
