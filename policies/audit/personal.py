"""Numbers of cards, accounts and people, always taken out; and addresses, where that is asked for."""

from __future__ import annotations

import re
from collections.abc import Collection

from policies.audit.tokens import REDACTED

KINDS = ("email", "phone")
"""What is only taken out where it is asked for: requests work with addresses, and a record without them says little."""

_IBAN_LENGTHS = {
    **{"AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20},
    **{"ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27},
    **{"LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24},
    **{"SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29},
}
"""By country, the length of an account number; others are longer or shorter and are no IBAN."""

_NUMBERS = re.compile(
    r"""(?x)
    (?<![\w.-])
    (?: (?P<card> [2-6]\d{3} (?: [ -]?\d{4}[ -]?\d{4}[ -]?\d{4} | [ -]?\d{6}[ -]?\d{4,5} ) )
      | (?P<iban> [A-Z]{2}\d{2} (?: [ ]?[A-Z0-9]{4} ){2,7} (?: [ ]?[A-Z0-9]{1,3} )? )
      | (?P<ssn> (?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4} )
      | (?P<label> [Ss][Ss][Nn][=:\ ]{1,3} ) (?!000|666|9\d\d)\d{3}(?!00)\d{2}(?!0000)\d{4}
    )
    (?![\w-])
    """
)

_ISSUERS = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|35(?:2[89]|[3-8]\d)\d{12}|6(?:011|4[4-9]\d|5\d\d|2\d\d)\d{12}"
)
"""Visa, Mastercard, American Express, Diners, JCB, Discover, UnionPay."""

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    r"(?<![\w.+-])(?:\+[1-9]\d{0,2}(?:[ ./()-]{0,2}\d){6,12}|(?:\([2-9]\d{2}\)[ ]?|[2-9]\d{2}[-. ])[2-9]\d{2}[-. ]\d{4}"
    r"|0[1-9]\d{1,4}[ ]?/[ ]?\d{4,8})(?![\w-])"
)


def without_numbers(text: str) -> str:
    """A text without payment cards, bank accounts (IBAN) and US social security numbers."""
    return _NUMBERS.sub(_checked, text)


def without_addresses(text: str, kinds: Collection[str]) -> str:
    """A text without e-mail addresses and telephone numbers, as far as `kinds` names them."""
    if "email" in kinds and "@" in text:
        text = _EMAIL.sub(REDACTED, text)
    return _PHONE.sub(REDACTED, text) if "phone" in kinds else text


def _checked(match: re.Match[str]) -> str:
    """Nothing but the mark where the number's own check says that it is one."""
    if match["card"]:
        digits = re.sub("[ -]", "", match["card"])
        return REDACTED if _ISSUERS.fullmatch(digits) and _luhn(digits) else match[0]
    if match["iban"]:
        account = match["iban"].replace(" ", "")
        return REDACTED if len(account) == _IBAN_LENGTHS.get(account[:2]) and _mod_97(account) else match[0]
    return f"{match['label']}{REDACTED}" if match["label"] else REDACTED


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812: every second digit from the right doubled, digits of that added, divisible by ten."""
    doubled = (sum(divmod(2 * int(each), 10)) for each in digits[-2::-2])
    return (sum(map(int, digits[::-2])) + sum(doubled)) % 10 == 0


def _mod_97(account: str) -> bool:
    """ISO 13616: the country and check digits at the end, letters as numbers, remainder one."""
    return int("".join(str(int(each, 36)) for each in account[4:] + account[:4])) % 97 == 1
