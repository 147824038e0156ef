"""One file per platform; each is found by ``ingest.registry``."""
