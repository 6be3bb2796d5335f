"""Figures of chains, data vectors, forecasts and benchmarks."""
