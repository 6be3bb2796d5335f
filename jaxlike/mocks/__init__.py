"""Mock surveys that come with the package."""
