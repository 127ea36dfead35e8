"""VAT identification numbers: their format and check digits, offline. Nobody is asked whether a number is in use (VIES).

Source: Council Directive 2006/112/EC, Articles 214 and 215 (the prefix; Greece uses EL); the formats in `python-stdnum`.
"""

import re
from typing import Final

from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from freehold.domain.countries import EUROPEAN_UNION

LONGEST_VAT_ID: Final = 20
_ELSEWHERE: Final = re.compile(r"[A-Z0-9]{4,20}")
_PREFIXES: Final = {"GR": "EL"}


def kept_vat_id(given: str, country: str) -> str | None:
    """Give the form in which a VAT id is kept (prefix, no separators), or None when it is none of this country.

    In the European Union its format and check digits are tested; elsewhere only that it looks like an id at all.
    """
    plain = re.sub(r"[\s.\-/]", "", given).upper()
    if country not in EUROPEAN_UNION:
        return plain if _ELSEWHERE.fullmatch(plain) else None
    prefix = _PREFIXES.get(country, country)
    try:
        return _validated(plain if plain.startswith(prefix) else prefix + plain)
    except ValidationError:
        return None


def _validated(number: str) -> str:
    found: str = vat.validate(number)
    return found
