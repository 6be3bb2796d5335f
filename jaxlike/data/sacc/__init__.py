"""SACC files."""
