"""A piece: a text and the role that decides its style. Rows, documents and messages are made of them."""

Piece = tuple[str, str]
"""A role (the name of a style) and a text."""
