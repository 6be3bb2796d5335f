"""What parameters and options there are: names, numbers, effects."""
