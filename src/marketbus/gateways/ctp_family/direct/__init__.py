"""Market data past Python: ticks go from the SDK's callback to the bus in C++ (`native/`), in the SDK's thread.

Python builds and loads the library, drives login and subscriptions, answers what the core does not know yet (contract
facts, dates, trading hours) and looks at counts and last values. Every part has its twin in Python: `translate`,
`domain.exchange_time`, `domain.market_calendar`, `application.market_data`.
"""
