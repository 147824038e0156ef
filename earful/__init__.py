"""earful hears what customers ask for."""
