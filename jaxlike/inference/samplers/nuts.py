"""NUTS (Hoffman & Gelman 2014, arXiv:1111.4246) by BlackJAX: trajectories that end as they turn."""

from functools import partial

from jaxlike.inference.samplers.mcmc import run_mcmc

run_nuts = partial(run_mcmc, method=None)
"""Sample a posterior by NUTS; options and errors of `run_mcmc`."""
