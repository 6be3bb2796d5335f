"""Likelihoods of data sets."""
