"""Methods that draw from a posterior, and the registry that names them."""
