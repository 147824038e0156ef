"""Listening for ever: ``earful watch``.

One thread pulls each source at a pace of its own (``puller``, ``pace``), one reads what came in
(``reader``), and the main thread (``watcher``) looks at what they tell (``status``), raises alerts
(``sentinel``, ``usual``, ``alerts``) and has reports made (``daily``). All meet in the ledger.
"""
