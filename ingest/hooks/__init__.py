"""Comments that are pushed: deliveries verified, stored, and mapped by a row; docs/webhooks.md."""
