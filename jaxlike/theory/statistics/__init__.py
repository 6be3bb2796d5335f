"""Statistics that are linear in C_ell, their covariance, and the data vector made of them."""
