"""From facts to demand signals, and from demand signals to pages and tables."""
