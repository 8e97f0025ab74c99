"""One HTTP client per system, with one way of saying what went wrong.

Every system answers badly in its own words; here they become the same few errors. Only `Unreachable` means that it is not
known whether the request was carried out.
"""
