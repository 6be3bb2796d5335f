"""The shape of a posterior: best fit, Gaussian around it, adaptation, straightening."""
