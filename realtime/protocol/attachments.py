"""Binary parts of a Socket.IO packet: taken out of the JSON before it is written, put back after it is read.

In the JSON stands `{"_placeholder": true, "num": N}`; the bytes follow as N binary frames.
"""

from realtime.protocol.limits import Malformed


def detach(value: object, parts: list[bytes]) -> object:
    """Return `value` with a placeholder for every bytes in it; the bytes are added to `parts` in their order."""
    if isinstance(value, bytes):
        parts.append(value)
        return {"_placeholder": True, "num": len(parts) - 1}
    if isinstance(value, list | tuple):
        return [detach(item, parts) for item in value]
    if isinstance(value, dict):
        return {key: detach(item, parts) for key, item in value.items()}
    return value


def attach(value: object, parts: list[bytes]) -> object:
    """Return `value` with the bytes in the place of their placeholders. Raises Malformed when one names no part."""
    if isinstance(value, list):
        return [attach(item, parts) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("_placeholder") is not True:
        return {key: attach(item, parts) for key, item in value.items()}
    number = value.get("num")
    if type(number) is not int or not 0 <= number < len(parts):
        raise Malformed("a placeholder names no attachment")
    return parts[number]


def is_deeper(value: object, limit: int) -> bool:
    """Say whether arrays and objects are nested deeper than `limit`; looks no deeper than that."""
    if not isinstance(value, list | dict):
        return False
    if limit == 0:
        return True
    return any(is_deeper(item, limit - 1) for item in (value.values() if isinstance(value, dict) else value))
