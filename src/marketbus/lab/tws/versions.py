"""Server versions at which the layout of messages changes, and the range the lab plays.

Source: the gates in ibapi 10.50 (`server_versions.py`, `decoder.py`, `client.py`), as facts. From 201 on
message ids are binary and bodies protobuf: not played.
"""

OLDEST = 157
NEWEST = 200

DURATION = 158
POST_TO_ATS = 160
AUTO_CANCEL_PARENT = 162
SIZE_INCREMENT = 163
SIZE_RULES = 164
ADVANCED_REJECT = 166
MANUAL_ORDER_TIME = 169
PEG_OFFSETS = 170
ISSUER_ID = 176
NO_FA_PROFILE = 177
PRICE_REVISION = 178
LAST_TRADE_DATE = 182
CUSTOMER_ACCOUNT = 183
PROFESSIONAL = 184
ACCRUED_INTEREST = 185
INELIGIBILITY = 186
QUOTE_REQUEST = 187
INCLUDE_OVERNIGHT = 189
NO_QUOTE_REQUEST = 190
TAGGING = 192
"""cancelOrder and reqGlobalCancel lose their own version number here."""
TAGGING_IN_OPEN_ORDER = 193
ERROR_TIME = 194
ORDER_PREVIEW = 195
HISTORY_END = 196
SUBMITTER = 198
IMBALANCE_ONLY = 199
EXECUTION_DAYS = 200
