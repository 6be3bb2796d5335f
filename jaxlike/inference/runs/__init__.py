"""What carries a run of chains: starts, loops, devices, checkpoints, progress."""
