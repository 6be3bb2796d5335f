"""What a survey will measure: covariances of a model, compression, and designs of surveys."""
