"""From the parameters of the universe to data vectors: pure functions on frozen pytrees.

Distances are in Mpc/h, wave numbers in h/Mpc, angles in radians, c = 1.
"""
