"""Matter power: linear, nonlinear and one-loop models, tables of others, ranges of validity."""
