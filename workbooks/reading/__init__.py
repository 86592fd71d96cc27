"""Reads what people upload: looked into first, parsed in a limited process of its own."""
