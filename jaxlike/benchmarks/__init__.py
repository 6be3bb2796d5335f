"""Timings of the library's parts, printed by `jaxlike benchmark`; nothing here is a test."""
