"""The SDK's texts."""


def decode(text: bytes) -> str:
    """As vnpy's binding does (toUtf): the whole text, or none when it is not GB 18030."""
    try:
        return text.decode("gb18030")
    except UnicodeDecodeError:
        return ""
