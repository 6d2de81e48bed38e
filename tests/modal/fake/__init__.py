"""A stand-in for Modal; see ../README.md."""
