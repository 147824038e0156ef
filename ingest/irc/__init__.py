"""IRC: lines of the protocol, and a connection to a server."""
