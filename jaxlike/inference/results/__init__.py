"""Chains and draws: files, conversions, diagnostics, re-weighting, predictions."""
