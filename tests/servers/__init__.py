"""Local servers that speak the platforms' paths, started on 127.0.0.1 by the tests."""
