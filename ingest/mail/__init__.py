"""Mail: from the bytes of a message to the words that its writer wrote."""
