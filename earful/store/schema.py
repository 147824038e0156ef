"""The ledger's tables, as a list of migrations that only ever grows.

Times are integers, milliseconds since 1970 in UTC. Flags are 0 or 1. Two full-text indexes share
the text of ``comments``: words, and trigrams for scripts that put no spaces between words.
"""

from __future__ import annotations

import sqlite3

from earful.errors import IntegrityError

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE comments (
        id INTEGER PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE,
        source TEXT NOT NULL,
        instance TEXT NOT NULL,
        native_id TEXT NOT NULL,
        channel TEXT,
        kind TEXT NOT NULL,
        title TEXT,
        text TEXT NOT NULL,
        author_key TEXT,
        created_at INTEGER,
        created_precision TEXT NOT NULL,
        edited_at INTEGER,
        seen_at INTEGER NOT NULL,
        local_offset INTEGER,
        lang_hint TEXT,
        rating REAL,
        rating_original TEXT,
        reach INTEGER,
        parent_uid TEXT,
        thread_uid TEXT,
        url TEXT,
        place TEXT,
        product TEXT,
        version TEXT,
        solicited INTEGER NOT NULL,
        relevant INTEGER NOT NULL,
        deleted INTEGER NOT NULL,
        content_hash TEXT NOT NULL,
        revision INTEGER NOT NULL,
        exact_print INTEGER NOT NULL,
        near_prints BLOB NOT NULL,
        words INTEGER NOT NULL,
        copy_of TEXT,
        copy_reason TEXT,
        unspaced INTEGER NOT NULL,
        raw TEXT
    ) STRICT;
    CREATE INDEX comments_by_source ON comments (source, created_at);
    CREATE INDEX comments_by_author ON comments (author_key) WHERE author_key IS NOT NULL;
    CREATE INDEX comments_by_original ON comments (copy_of) WHERE copy_of IS NOT NULL;
    CREATE INDEX comments_by_parent ON comments (parent_uid) WHERE parent_uid IS NOT NULL;
    CREATE INDEX comments_by_thread ON comments (thread_uid) WHERE thread_uid IS NOT NULL;

    CREATE TABLE revisions (
        uid TEXT NOT NULL REFERENCES comments (uid) ON DELETE CASCADE,
        revision INTEGER NOT NULL,
        replaced_at INTEGER NOT NULL,
        title TEXT,
        text TEXT NOT NULL,
        rating REAL,
        content_hash TEXT NOT NULL,
        PRIMARY KEY (uid, revision)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE tags (
        uid TEXT NOT NULL REFERENCES comments (uid) ON DELETE CASCADE,
        model_version TEXT NOT NULL,
        tagged_at INTEGER NOT NULL,
        lang TEXT NOT NULL,
        read INTEGER NOT NULL,
        sentiment TEXT,
        sentiment_score REAL,
        categories TEXT NOT NULL,
        category_scores TEXT NOT NULL,
        spam_score REAL NOT NULL,
        PRIMARY KEY (uid, model_version)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE asks (
        uid TEXT NOT NULL,
        model_version TEXT NOT NULL,
        n INTEGER NOT NULL,
        quote TEXT NOT NULL,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        item TEXT NOT NULL,
        type TEXT NOT NULL,
        strength INTEGER NOT NULL,
        moment TEXT NOT NULL,
        place_words TEXT NOT NULL,
        explicit INTEGER NOT NULL,
        score REAL NOT NULL,
        vector BLOB NOT NULL,
        vector_version TEXT NOT NULL,
        PRIMARY KEY (uid, model_version, n),
        FOREIGN KEY (uid, model_version) REFERENCES tags (uid, model_version) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE askers (
        author_key TEXT PRIMARY KEY,
        sealed BLOB NOT NULL,
        updated_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE cursors (
        source TEXT PRIMARY KEY,
        cursor TEXT NOT NULL,
        updated_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE coverage (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        since INTEGER,
        until INTEGER,
        state TEXT NOT NULL,
        detail TEXT NOT NULL,
        recorded_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE forgotten (
        digest BLOB PRIMARY KEY,
        forgotten_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE VIRTUAL TABLE words_index USING fts5 (
        title, text, content = 'comments', content_rowid = 'id',
        tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE VIEW unspaced_comments AS
        SELECT id, title, text FROM comments WHERE unspaced = 1;
    CREATE VIRTUAL TABLE trigrams_index USING fts5 (
        title, text, content = 'unspaced_comments', content_rowid = 'id', tokenize = 'trigram'
    );

    CREATE TRIGGER comments_inserted AFTER INSERT ON comments BEGIN
        INSERT INTO words_index (rowid, title, text) VALUES (new.id, new.title, new.text);
    END;
    CREATE TRIGGER comments_inserted_unspaced AFTER INSERT ON comments WHEN new.unspaced BEGIN
        INSERT INTO trigrams_index (rowid, title, text) VALUES (new.id, new.title, new.text);
    END;
    CREATE TRIGGER comments_deleted AFTER DELETE ON comments BEGIN
        INSERT INTO words_index (words_index, rowid, title, text)
            VALUES ('delete', old.id, old.title, old.text);
    END;
    CREATE TRIGGER comments_deleted_unspaced AFTER DELETE ON comments WHEN old.unspaced BEGIN
        INSERT INTO trigrams_index (trigrams_index, rowid, title, text)
            VALUES ('delete', old.id, old.title, old.text);
    END;
    CREATE TRIGGER comments_rewritten AFTER UPDATE OF title, text ON comments BEGIN
        INSERT INTO words_index (words_index, rowid, title, text)
            VALUES ('delete', old.id, old.title, old.text);
        INSERT INTO words_index (rowid, title, text) VALUES (new.id, new.title, new.text);
    END;
    CREATE TRIGGER comments_rewritten_from_unspaced AFTER UPDATE OF title, text ON comments
    WHEN old.unspaced BEGIN
        INSERT INTO trigrams_index (trigrams_index, rowid, title, text)
            VALUES ('delete', old.id, old.title, old.text);
    END;
    CREATE TRIGGER comments_rewritten_to_unspaced AFTER UPDATE OF title, text ON comments
    WHEN new.unspaced BEGIN
        INSERT INTO trigrams_index (rowid, title, text) VALUES (new.id, new.title, new.text);
    END;
    """,
    """
    CREATE TABLE corrections (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        uid TEXT NOT NULL REFERENCES comments (uid) ON DELETE CASCADE,
        text_hash TEXT NOT NULL,
        corrected_by TEXT NOT NULL,
        corrected_at INTEGER NOT NULL,
        model_version TEXT NOT NULL,
        offered TEXT NOT NULL,
        shown TEXT NOT NULL,
        sentiment TEXT NOT NULL,
        categories TEXT NOT NULL,
        asks TEXT NOT NULL
    ) STRICT;
    CREATE INDEX corrections_by_comment ON corrections (uid, id);
    CREATE TRIGGER corrections_are_only_added BEFORE UPDATE ON corrections BEGIN
        SELECT RAISE(ABORT, 'a correction is never changed: a newer one counts instead');
    END;

    CREATE TABLE correction_vectors (
        correction INTEGER NOT NULL REFERENCES corrections (id) ON DELETE CASCADE,
        n INTEGER NOT NULL,
        vector BLOB NOT NULL,
        vector_version TEXT NOT NULL,
        PRIMARY KEY (correction, n)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE aspects (
        uid TEXT NOT NULL,
        model_version TEXT NOT NULL,
        n INTEGER NOT NULL,
        name TEXT NOT NULL,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        sentiment TEXT NOT NULL,
        score REAL NOT NULL,
        PRIMARY KEY (uid, model_version, n),
        FOREIGN KEY (uid, model_version) REFERENCES tags (uid, model_version) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE brigades (
        uid TEXT PRIMARY KEY REFERENCES comments (uid) ON DELETE CASCADE,
        voice TEXT NOT NULL,
        reason TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
    # What is remembered of signals. Their words are words of asks, so each is kept for as long as
    # some comment that said it is: the triggers see to it, however a comment goes.
    """
    CREATE TABLE signals (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        id_words TEXT NOT NULL,
        name TEXT NOT NULL,
        settled INTEGER NOT NULL,
        wants INTEGER NOT NULL,
        since INTEGER NOT NULL,
        split_from INTEGER REFERENCES signals (number) ON DELETE SET NULL,
        merged_into INTEGER REFERENCES signals (number) ON DELETE SET NULL
    ) STRICT;
    CREATE INDEX signals_by_name ON signals (name);
    CREATE INDEX signals_by_id_words ON signals (id_words);
    CREATE INDEX signals_by_parent ON signals (split_from) WHERE split_from IS NOT NULL;
    CREATE INDEX signals_by_heir ON signals (merged_into) WHERE merged_into IS NOT NULL;

    CREATE TABLE signal_asks (
        uid TEXT NOT NULL REFERENCES comments (uid) ON DELETE CASCADE,
        item TEXT NOT NULL,
        wants INTEGER NOT NULL,
        signal INTEGER NOT NULL REFERENCES signals (number),
        PRIMARY KEY (uid, item, wants)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX signal_asks_by_item ON signal_asks (item);
    CREATE INDEX signal_asks_by_signal ON signal_asks (signal);

    CREATE TRIGGER signal_asks_of_tombstones AFTER UPDATE OF deleted ON comments WHEN new.deleted
    BEGIN
        DELETE FROM signal_asks WHERE uid = new.uid;
    END;
    CREATE TRIGGER words_nobody_says AFTER DELETE ON signal_asks
    WHEN NOT EXISTS (SELECT 1 FROM signal_asks WHERE item = old.item) BEGIN
        UPDATE signals SET name = '', settled = 0 WHERE name = old.item;
        UPDATE signals SET id = 'signal-n' || number, id_words = '' WHERE id_words = old.item;
    END;
    CREATE TRIGGER signals_without_asks AFTER DELETE ON signal_asks
    WHEN NOT EXISTS (SELECT 1 FROM signal_asks WHERE signal = old.signal) BEGIN
        DELETE FROM signals WHERE number = old.signal
            AND NOT EXISTS (SELECT 1 FROM signals s WHERE s.merged_into = old.signal);
    END;
    CREATE TRIGGER heirs_without_asks AFTER DELETE ON signals WHEN old.merged_into IS NOT NULL
    BEGIN
        DELETE FROM signals WHERE number = old.merged_into
            AND NOT EXISTS (SELECT 1 FROM signal_asks WHERE signal = old.merged_into)
            AND NOT EXISTS (SELECT 1 FROM signals s WHERE s.merged_into = old.merged_into);
    END;

    CREATE TABLE taxonomies (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        applied_at INTEGER NOT NULL,
        applied_by TEXT NOT NULL,
        content TEXT NOT NULL
    ) STRICT;
    """,
    # What came in lately is found without a walk through all that came in before.
    """
    CREATE INDEX comments_by_seen ON comments (seen_at);
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the ledger to this version's schema, one transaction per step.

    Raises ``IntegrityError`` where a newer earful has written the file.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise IntegrityError(
            f"the ledger has schema {version}, this earful knows up to {len(MIGRATIONS)}",
            next_step="Update earful: pip install --upgrade earful",
        )
    for number in range(version, len(MIGRATIONS)):
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{MIGRATIONS[number]}\nPRAGMA user_version = {number + 1};\nCOMMIT;"
        )
