"""Rooms of XMPP: what their archives hold, and a session with a server."""
