"""Parameters with priors, and the density that samplers see."""
