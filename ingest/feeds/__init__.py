"""RSS and Atom: entries of a document, and what of a feed was read."""
