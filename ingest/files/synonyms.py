"""The fields that a column can fill, and the names under which exports carry them.

Names are compared in a plain form: lower case, words joined by one underscore, no accents folded,
so ``thumbsUpCount``, ``Thumbs Up Count`` and ``thumbs_up_count`` are the same name. Earlier names
are surer than later ones.
"""

from __future__ import annotations

import re
from functools import lru_cache

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BREAK = re.compile(r"[\W_]+")

SYNONYMS: dict[str, tuple[str, ...]] = {
    "text": (
        "text", "full_text", "comment_text", "review_text", "text_review", "review_body",
        "content", "body", "review", "comment", "selftext", "message", "comments", "reviews",
        "feedback", "answer", "response", "post", "tweet", "description", "opinion", "remarks",
        "sentence", "verbatim", "open_answer", "open_ended_response", "comment_body", "post_text",
        "message_text", "review_content", "user_review", "suggestion", "note", "notes", "details",
        "texto", "comentario", "comentarios", "reseña", "opinión", "respuesta", "mensaje",
        "kommentar", "bewertungstext", "rezension", "nachricht", "antwort", "beschreibung",
        "commentaire", "avis", "réponse", "texte", "contenu",
        "treść", "tresc", "opinia", "komentarz", "recenzja", "wiadomość", "odpowiedź",
        "testo", "commento", "recensione", "comentário", "avaliação", "resposta",
        "내용", "리뷰", "댓글", "본문", "후기", "의견", "답변", "レビュー", "コメント", "本文",
        "内容", "回答", "评论", "评价", "отзыв", "текст", "комментарий",
    ),
    "title": (
        "title", "headline", "subject", "review_title", "summary", "review_summary", "heading",
        "thread_title", "topic_title", "titel", "überschrift", "betreff", "título", "titulo",
        "asunto", "titre", "sujet", "tytuł", "tytul", "temat", "titolo", "oggetto", "제목",
        "タイトル", "件名", "标题", "заголовок",
    ),
    "id": (
        "id", "comment_id", "review_id", "tweet_id", "post_id", "message_id", "native_id",
        "unit_id", "response_id", "respondent_id", "respondent",
        "participant_id", "participant", "submission_id", "ticket_id", "answer_id",
        "id_str", "uuid", "guid", "number", "record_id", "row_id", "identifier", "uid",
        "ticket_number", "case_number", "issue_number", "issue_id", "issue_key", "entry_id",
        "status_id", "nr", "번호", "아이디", "index",
    ),
    "author": (
        "author_id", "user_id", "reviewer_id", "steam_id", "steam_id_number", "author_steamid",
        "author_key", "profile_id", "customer_id", "member_id", "player_id", "author_did",
        "author", "user_name", "username", "author_name", "reviewer_name", "reviewer", "user",
        "screen_name", "handle", "nickname", "nick", "author_masked", "from_user",
        "user_screen_name",
        "user_login", "login", "display_name", "from", "posted_by", "profile_name", "sender",
        "customer", "customer_name", "name", "profile_url", "autor", "nutzer", "benutzer",
        "benutzername", "verfasser", "kunde", "usuario", "nombre", "auteur", "utilisateur",
        "użytkownik", "uzytkownik", "autore", "utente", "usuário", "작성자", "닉네임", "이름",
        "投稿者", "ユーザー", "作者", "用户", "автор",
    ),
    "created_at": (
        "created_at", "created_utc", "created", "created_time", "created_on", "creation_date",
        "date_created", "at_iso", "at", "date_posted", "posted_at", "post_date", "tweet_created",
        "reviewed_at", "reviewed_on", "written_at", "written_on", "commented_at", "answered_at",
        "responded_at", "response_date", "published_at", "publish_date", "published",
        "submitted_at", "submission_date",
        "date_submitted", "submit_date", "timestamp", "time_stamp", "timestamp_created",
        "unix_review_time", "review_date", "date_of_review", "review_time", "comment_date",
        "comment_time", "date_iso", "datetime", "date_time", "date", "time", "when", "sent_at",
        "received_at", "end_date", "recorded_date", "completed_at", "review_created_at",
        "review_posted_date", "approx_date", "ts", "datum", "erstellt", "erstellt_am", "zeitpunkt",
        "fecha", "fecha_de_creación", "date_de_création", "date_de_publication", "data",
        "data_utworzenia", "data_dodania", "data_creazione", "data_de_criação", "날짜", "작성일",
        "등록일", "日付", "投稿日", "日期", "时间", "дата",
    ),
    "edited_at": (
        "edited_at", "edited", "updated_at", "updated", "date_updated", "last_edited",
        "modified_at", "last_modified", "date_modified", "timestamp_updated", "edited_utc",
    ),
    "rating": (
        "rating", "stars", "star_rating", "review_rating", "overall_rating", "overall",
        "rating_value", "score", "user_rating", "rate", "nps", "nps_score", "csat", "grade",
        "recommended", "is_recommended", "recommends", "voted_up", "review_score", "star",
        "satisfaction", "bewertung", "sterne", "note_globale", "puntuación", "puntuacion",
        "calificación", "valoración", "estrellas", "étoiles", "ocena", "gwiazdki", "punteggio",
        "voto", "nota", "avaliacao", "평점", "별점", "점수", "評価", "评分", "оценка",
    ),
    "url": (
        "permalink", "url", "link", "review_url", "comment_url", "post_url", "tweet_url",
        "html_url", "full_link", "permalink_url", "web_url", "uri", "enlace", "lien", "링크",
    ),
    "place": (
        "store_address", "place", "place_name", "location_name", "branch", "store", "store_name",
        "location", "city", "address", "restaurant", "hotel_name", "business_name", "venue",
        "tweet_location", "user_location", "region", "state_province", "country", "market",
        "site_name", "shop", "ort", "stadt", "filiale", "standort", "land", "ciudad", "lugar",
        "tienda", "ville", "lieu", "magasin", "miasto", "lokalizacja", "sklep", "città", "cidade",
        "매장", "지점", "장소", "지역", "店舗", "場所", "城市", "地点", "город", "место",
    ),
    "product": (
        "product", "product_name", "product_title", "app", "app_name", "item", "item_name",
        "game", "movie", "film", "brand", "airline", "company", "model", "package_name", "sku",
        "asin", "product_id", "app_id", "movie_id", "game_id", "parent_asin", "produkt", "artikel",
        "producto", "produit", "prodotto", "produto", "제품", "상품", "상품명", "商品", "製品",
        "产品", "товар",
    ),
    "version": (
        "version", "app_version", "version_name", "review_created_version", "app_version_name",
        "software_version", "build", "versión", "wersja", "버전", "バージョン", "版本",
    ),
    "lang": (
        "lang", "language", "src_lang", "language_code", "lang_code", "iso_language_code",
        "locale", "review_language", "sprache", "idioma", "langue", "język", "jezyk", "lingua",
        "언어", "言語", "语言", "язык",
    ),
    "parent": (
        "parent_id", "parent", "parent_uid", "in_reply_to", "in_reply_to_status_id",
        "in_reply_to_id", "reply_to", "reply_to_id", "parent_comment_id", "replied_to",
    ),
    "thread": (
        "thread_id", "thread", "link_id", "conversation_id", "topic_id", "discussion_id",
        "thread_uid", "video_id", "video", "root_id", "thread_ts",
    ),
    "channel": (
        "subreddit", "channel", "forum", "board", "forum_name", "board_name", "channel_name",
        "group_name", "page_name", "community", "repo", "repository", "category_name", "platform",
        "data_source", "kanal", "canal", "kanał", "채널", "게시판",
    ),
    "kind": ("kind", "comment_kind"),
    "local_offset": (
        "local_offset", "utc_offset", "time_zone", "timezone", "user_timezone", "tz", "gmt_offset",
        "tz_offset", "user_utc_offset", "zeitzone", "zona_horaria",
    ),
}  # fmt: skip

REACH_GROUPS: tuple[tuple[str, ...], ...] = (
    (
        "reach", "likes", "like_count", "likes_count", "thumbs_up_count", "thumbs_up", "score",
        "upvotes", "ups", "votes", "vote_count", "favorite_count", "favourites_count", "favorites",
        "favorite", "num_found_helpful", "votes_up", "helpful_votes", "helpful_vote", "helpful",
        "helpful_count", "useful", "num_voted_helpfulness", "reactions", "reaction_count",
        "public_metrics_like_count", "points", "karma", "gefällt_mir", "me_gusta", "mentions_jaime",
        "polubienia", "좋아요", "공감", "いいね", "点赞",
    ),
    (
        "retweet_count", "retweets", "repost_count", "reposts", "shares", "share_count",
        "public_metrics_retweet_count", "boosts", "reblogs_count", "udostępnienia", "공유",
    ),
    (
        "views", "view_count", "views_count", "impressions", "impression_count",
        "public_metrics_impression_count", "조회수",
    ),
)  # fmt: skip
"""Reach is the sum over the first column found of each group: likes, reposts, views."""

FIELDS = (
    "text", "title", "id", "author", "created_at", "edited_at", "rating", "reach", "url", "place",
    "product", "version", "lang", "parent", "thread", "channel", "kind", "local_offset",
)  # fmt: skip
"""What ``--map`` can fill."""

VOTE_SIGNS = frozenset(
    {"ups", "downs", "upvotes", "downvotes", "upvote_ratio", "subreddit", "num_comments", "karma"}
)
"""Beside one of these a column called ``score`` counts votes."""

NOT_CREATED = frozenset(
    {"updated", "edited", "modified", "reply", "replied", "judgment", "response", "scraped",
     "crawled", "fetched", "retrieved", "deleted", "birth", "closed", "resolved", "joined",
     "seen", "visit", "expires", "release"}
)  # fmt: skip
"""Words that make a date another than the one of writing."""

NEVER_NUMBERS = frozenset({"from", "name", "user", "login", "nick", "sender", "customer"})
"""Names of an author that may mean anything else where numbers stand below them."""

NOT_TEXT = frozenset(
    {"reply", "developer", "owner", "translation", "translated", "raw", "html", "label", "reason"}
)
"""Words that make a text another than the writer's own."""


_WHOLE_ONLY = frozenset(
    {"name", "number", "index", "user", "from", "login", "when", "item", "model", "link", "star",
     "rate", "land", "note", "data", "group", "build", "store", "video", "overall"}
)  # fmt: skip
"""Names so general that they say nothing behind another word ("store_name", "page_index")."""


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A column name in the form in which names are compared."""
    return _BREAK.sub("_", _CAMEL.sub("_", name.strip())).strip("_").lower()


def is_known_name(name: str) -> bool:
    """Whether a column of this name would fill a field."""
    return plain(name) in _KNOWN


def rank(field: str, name: str) -> int | None:
    """How sure the name is for the field: 0 for the surest, None where it is not one of its names.

    A name that only ends in a synonym of several letters ("customer_comment", "Q3_review") counts
    too, after all the whole ones.
    """
    names = SYNONYMS[field]
    wanted = plain(name)
    last = wanted.rsplit(".", 1)[-1]
    if last in names:
        return names.index(last)
    words = last.split("_")
    for start in range(1, len(words)):
        tail = "_".join(words[start:])
        if len(tail) > 3 and tail in names and tail not in _WHOLE_ONLY:
            return len(names) + names.index(tail)
    return None


_KNOWN = frozenset(
    [name for names in SYNONYMS.values() for name in names]
    + [name for group in REACH_GROUPS for name in group]
)
