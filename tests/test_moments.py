"""When and where a thing is wanted, from the words of an ask."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import classify
from classify.cues import cues_of
from classify.language import ENGLISH, SERVED_OTHERS
from classify.moments import moment_of
from classify.places import place_words_of
from earful.records import DAYPARTS

LANGUAGES = (ENGLISH, *SERVED_OTHERS)
TABLES = Path(classify.__file__).parent


def table(name: str) -> dict[str, dict[str, object]]:
    """A table of wordings as it lies in the package."""
    return tomllib.loads((TABLES / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("quote", "moment"),
    [
        ("please serve breakfast after 10:30", "midday"),
        ("they stop breakfast at 10:30", "midday"),
        ("sell pancakes at noon", "midday"),
        ("open the counter at 3 am", "overnight"),
        ("soup at midnight", "overnight"),
        ("stay open until midnight", "night"),
        ("card payment after midnight", "overnight"),
        ("coffee before 6 am please", "morning"),
        ("stay open until 11pm", "night"),
        ("a tram at half past seven in the morning", "morning"),
        ("someone on the phone after nine at night", "night"),
        ("a 7 pm screening", "evening"),
        ("the kitchen closes at 6", "evening"),
        ("they don't open until 8", "morning"),
        ("could you open at 7", "morning"),
        ("open one on Sunday mornings", "sunday morning"),
        ("a bus at one in the morning", "overnight"),
        ("stay open until 10", "night"),
        ("the café shuts at 4.30", "evening"),
    ],
)
def test_hours_fall_in_the_codebooks_dayparts(quote: str, moment: str) -> None:
    """An hour gives its daypart; "after" and "closes at" look on from it, "before" back."""
    assert moment_of(quote) == moment


@pytest.mark.parametrize(
    ("quote", "moment"),
    [
        ("a quiet room between 2 and 5 pm", "afternoon"),
        ("hot food from 6 till 10 at night", "evening; night"),
        ("lunch from 10am to 2pm", "morning; midday"),
        ("a night bus between midnight and six", "overnight"),
        ("a guard for 3 to 5.", "afternoon"),
        ("evening slots, 7 to 9", "evening"),
        ("deliveries from 10pm to 6am", "night; overnight"),
        ("open from 6 till 10", ""),
        ("open from 8 in the morning to 8 at night", ""),
        ("it takes 2 to 5 minutes", ""),
    ],
)
def test_ranges_give_each_daypart_they_span(quote: str, moment: str) -> None:
    """A part with a quarter of the range is named; half a day, or a range that nothing dates, is
    not."""
    assert moment_of(quote) == moment


@pytest.mark.parametrize(
    "quote", ["serve it all day", "open 24/7", "open 24 hours", "noodles around the clock"]
)
def test_the_whole_day_is_no_daypart(quote: str) -> None:
    """What is wanted at all hours is wanted at none in particular."""
    assert moment_of(quote) == ""


@pytest.mark.parametrize(
    ("quote", "moment"),
    [
        ("hash coins for the night shift", "overnight"),
        ("coffee first thing please", "morning"),
        ("unlock the pool before work", "morning"),
        ("toast for the early shift", "morning"),
        ("a quicker line on my lunch break", "midday"),
        ("no teenagers after school", "afternoon"),
        ("a yoga class after work", "evening"),
        ("a lamp by the gate after dark", "night"),
        ("the chip shop ought to stay open late", "night"),
        ("more staff at nighttime", "night"),
        ("quieter music at breakfast", "morning"),
    ],
)
def test_daypart_words(quote: str, moment: str) -> None:
    """Words of the day's course give the daypart they stand for."""
    assert moment_of(quote) == moment


@pytest.mark.parametrize(
    ("quote", "moment"),
    [
        ("a later bus on Friday", "friday"),
        ("please open on Sundays", "sunday"),
        ("more staff on weekends", "weekend"),
        ("open on Saturdays and Sundays", "weekend"),
        ("Mon-Fri opening", "weekday"),
        ("they only open on weekdays", "weekend"),
        ("Sunday morning opening", "sunday morning"),
        ("late buses on Friday and Saturday nights", "friday night; saturday night"),
        ("open evenings and weekends", "evening; weekend"),
        ("trains past eleven on school nights", "weekday night"),
        ("a terrace on summer evenings and in winter", "summer evening; winter"),
        ("soup in winter", "winter"),
        ("the fair back by the summer", "summer"),
        ("flights in July and in August", "july; august"),
        ("a dry bench when it's raining", "rain"),
        ("the shake all year round", "all year"),
    ],
)
def test_days_and_seasons(quote: str, moment: str) -> None:
    """What stands together is one moment, what "and" parts is two; a list shares its daypart."""
    assert moment_of(quote) == moment


@pytest.mark.parametrize(
    ("quote", "moment"),
    [
        ("a fish sandwich during Lent", "lent"),
        ("bring the pumpkin shake back for halloween", "halloween"),
        ("longer hours in Ramadan", "ramadan"),
        ("snacks for exam week", "exams"),
        ("more trains on match days", "match day"),
        ("a cake for my son's birthday", "birthday"),
        ("clubs in the school holidays", "school holidays"),
        ("no returns queue on Black Friday", "black friday"),
        ("a demo on launch day", "launch"),
        ("a later train after the game", "after the game"),
        ("no adverts while driving", "while driving"),
    ],
)
def test_occasions(quote: str, moment: str) -> None:
    """An occasion gives its name, or its own words where it has none."""
    assert moment_of(quote) == moment


@pytest.mark.parametrize(
    "quote",
    [
        "add a dark mode",
        "add a night mode",
        "a midnight blue case",
        "the menu fell apart",
        "I went there last night and want a refund",
        "yesterday evening the fries were cold, I want my money back",
        "a burger with 3 patties",
        "keep the price at 5 pounds",
        "support for version 12.04",
        "drop 3-5 coins per chest",
        "after 3 years I want a refund",
        "upgrade my plan to 8",
        "cut the price by 10",
        "they closed one in our street",
        "give me one at the counter",
        "I need two, one for each of us",
        "give back the plan you took away in March",
        "fix the bugs of the January update",
        "refund me today",
        "sell spring rolls",
        "",
        "?!",
    ],
)
def test_what_names_no_moment(quote: str) -> None:
    """A date of the visit, a number, a product's name, and haste give nothing."""
    assert moment_of(quote) == ""


@pytest.mark.parametrize(
    ("lang", "quote", "moment"),
    [
        ("de", "Frühstück bitte auch nach 10:30", "midday"),
        ("de", "öffnet doch sonntags", "sunday"),
        ("de", "am Samstagabend ein Bus", "saturday evening"),
        ("de", "ein Bus nachts um 2", "overnight"),
        ("de", "zwischen 14 und 16 Uhr eine Pause", "afternoon"),
        ("de", "Brötchen ab halb sieben", "morning"),
        ("de", "in der Fastenzeit Fisch", "lent"),
        ("de", "gestern um 18 Uhr war zu", ""),
        ("de", "morgen hätte ich gern einen", ""),
        ("de", "einen Nachtmodus bitte", ""),
        ("fr", "ouvrez après 20 h", "evening"),
        ("fr", "le dimanche matin", "sunday morning"),
        ("fr", "une terrasse en été", "summer"),
        ("fr", "le service a été long", ""),
        ("fr", "une soupe à minuit", "overnight"),
        ("fr", "la piscine entre midi et 14h", "midday"),
        ("fr", "du poisson pendant le carême", "lent"),
        ("fr", "assez de 2h d'attente", ""),
        ("es", "abran los domingos por la mañana", "sunday morning"),
        ("es", "desayuno después de las 10:30", "midday"),
        ("es", "abrir hasta las once de la noche", "night"),
        ("es", "cierran a las 6", "evening"),
        ("es", "pescado en cuaresma", "lent"),
        ("es", "mañana quiero otro", ""),
        ("es", "el pedido llegó más tarde", ""),
        ("pt", "abram aos domingos de manhã", "sunday morning"),
        ("pt", "entrega depois das 22h", "night"),
        ("pt", "um café à meia-noite", "overnight"),
        ("pt", "ônibus às segundas", "monday"),
        ("pt", "quero uma segunda via", ""),
        ("it", "aprite la domenica mattina", "sunday morning"),
        ("it", "un treno dopo le 22", "night"),
        ("it", "aprite dalle 14 alle 17", "afternoon"),
        ("it", "la pizza a mezzanotte", "overnight"),
        ("it", "un caffè buonasera", ""),
        ("pl", "otwórzcie w niedziele rano", "sunday morning"),
        ("pl", "śniadania po 10:30", "midday"),
        ("pl", "zupa o północy", "overnight"),
        ("pl", "więcej pociągów na północy kraju", ""),
        ("pl", "basen czynny od 14 do 17", "afternoon"),
        ("pl", "ryba w Wielkim Poście", "lent"),
        ("pl", "dodajcie tryb nocny", ""),
        ("pl", "popraw się na 5.", ""),
        ("pl", "przesuńcie kolację na 19", "evening"),
        ("it", "sconti fino a 10.", ""),
        ("es", "quiero una en mi calle", ""),
        ("ko", "일요일 아침에도 열어주세요", "sunday morning"),
        ("ko", "밤 10시 이후에도 팔아주세요", "night"),
        ("ko", "아침 메뉴를 10시 30분 이후에도 주세요", "midday"),
        ("ko", "오후 2시부터 5시까지 쉬지 말아주세요", "afternoon"),
        ("ko", "자정까지 영업해주세요", "night"),
        ("ko", "추석에도 문 열어주세요", "chuseok"),
        ("ko", "세 시간 기다리게 하지 마세요", ""),
        ("ko", "밤양갱 다시 팔아주세요", ""),
        ("ja", "日曜の朝も開けてほしい", "sunday morning"),
        ("ja", "夜10時以降も食べたい", "night"),
        ("ja", "朝食を10時半以降も出して", "midday"),
        ("ja", "平日しかやってない", "weekend"),
        ("ja", "お盆も開けて", "obon"),
        ("ja", "夜景の見える席がほしい", ""),
        ("ja", "3時間も待たせないで", ""),
        ("ar", "افتحوا يوم الجمعة الصبح", "friday morning"),
        ("ar", "بعد الساعة 10 مساءً", "night"),
        ("ar", "الفطور بعد ١٠:٣٠", "midday"),
        ("ar", "زودوا الطاولات في رمضان", "ramadan"),
        ("ar", "صباح الخير، زودوا الفروع", ""),
        ("hi", "रविवार सुबह भी खोलो", "sunday morning"),
        ("hi", "रात 10 बजे के बाद भी", "night"),
        ("hi", "नाश्ता 10:30 बजे के बाद भी दो", "midday"),
        ("hi", "दिवाली पर छूट दो", "diwali"),
        ("hi", "कल रात गया था, पैसे वापस दो", ""),
        ("th", "เปิดวันอาทิตย์ตอนเช้าด้วย", "sunday morning"),
        ("th", "หลังสี่ทุ่มก็อยากกิน", "night"),
        ("th", "เปิดถึงเที่ยงคืน", "night"),
        ("th", "ตี 2 ยังหิว", "overnight"),
        ("th", "ขอน้ำเย็น", ""),
        ("sv", "öppna på söndagar", ""),
    ],
)
def test_every_language_answers_in_the_codebooks_names(lang: str, quote: str, moment: str) -> None:
    """Wordings of each language served give English names; other languages give nothing."""
    assert moment_of(quote, lang) == moment


def test_the_rest_of_the_clause_counts() -> None:
    """Where the quote is cut short of its moment, the words up to the next mark belong to it."""
    assert moment_of("please sell soup", behind=" in winter, I beg you") == "winter"
    assert moment_of("I'd like more staff", before="On Sundays ") == "sunday"
    assert moment_of("please sell soup", behind=". We came on Sunday") == ""
    assert moment_of("please sell soup.", behind=" in winter") == ""
    assert moment_of("sell soup", before="I work nights, ") == ""
    assert moment_of("soup at noon", behind=" in winter") == "midday"


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=200),
    st.sampled_from([*LANGUAGES, "und", ""]),
    st.text(max_size=40),
    st.text(max_size=40),
)
def test_no_text_makes_it_raise(text: str, lang: str, before: str, behind: str) -> None:
    """Any text of any language is answered; every part of a moment is a name, not a mark."""
    moment = moment_of(text, lang, before, behind)
    assert all(part.strip() == part and part for part in moment.split("; ")) or moment == ""
    assert place_words_of(text, lang) in text


WORDS = sorted(
    {
        *("after", "until", "between", "and", "from", "to", "at", "noon", "midnight", "10", "9:30"),
        *("24", "25", "7 pm", "12 am", "-", "sunday", "night", "bis", "uhr", "um", "nach", "halb"),
        *(
            "à",
            "20 h",
            "de la noche",
            "a las",
            "밤",
            "10시",
            "이후",
            "~",
            "夜",
            "時",
            "半",
            "ตี",
            "2",
        ),
        *("ทุ่ม", "रात", "10 बजे", "بعد", "الساعة", "١٠", "٩٩", "²", "po", "do", "północy"),
    }
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=12), st.sampled_from(LANGUAGES))
def test_no_times_make_it_raise(words: list[str], lang: str) -> None:
    """Times in any order are answered, with known dayparts where they are told by the clock."""
    moment = moment_of(" ".join(words), lang)
    named = {word for part in moment.split("; ") for word in part.split()}
    assert named <= {*DAYPARTS, "sunday", "weekday", "weekend", ""} or lang != ENGLISH


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_has_its_wordings(lang: str) -> None:
    """Each language served names all dayparts and all days, and every pattern compiles."""
    wording = table("moments.toml")[lang]
    for kind, names in (("parts", DAYPARTS), ("days", ("weekend", "monday", "sunday"))):
        found = wording[kind]
        assert isinstance(found, dict)
        assert set(names) <= set(found)
    assert lang in table("places.toml")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_name_has_cues(lang: str) -> None:
    """No pattern must be searched in every text: each needs letters of its own."""
    wording = table("moments.toml")[lang]
    for kind in ("parts", "days", "seasons", "events"):
        names = wording[kind]
        assert isinstance(names, dict)
        for label, words in names.items():
            assert cues_of(words.replace("<when>", "")), f"{lang}: {label}"


@pytest.mark.parametrize(
    ("pattern", "cues"),
    [
        ("nights?", {"night"}),
        ("at (?:dawn|dusk)", {"dawn", "dusk"}),
        ("mornings?|before (?:my )?work", {"morning", "before "}),
        (r"(?<!good )friday(?! 13)", {"friday"}),
        (r"\d+ ?pm", {"pm"}),
        ("lo+ng", {"lo"}),
        ("a{2,3}bc", {"bc"}),
        ("(?:x|y)?", set()),
        (r"[ab]|cd", set()),
    ],
)
def test_cues_are_the_letters_that_a_pattern_needs(pattern: str, cues: set[str]) -> None:
    """The longest sure run of each alternative is a cue; a part that may be missing is none."""
    assert cues_of(pattern) == cues


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_a_pattern_matches_holds_a_cue(data: st.DataObject) -> None:
    """A text without any cue of a pattern is matched by no part of it."""
    parts = st.sampled_from(["ab", "c", "de?", "(?:fg|hi)", "(?:j)?", "k*", "l+", "[mn]", r"\d"])
    joined = st.lists(parts, min_size=1, max_size=4).map("".join)
    pattern = data.draw(st.lists(joined, min_size=1, max_size=3).map("|".join))
    text = data.draw(st.from_regex(pattern, fullmatch=True))
    cues = cues_of(pattern)
    assert not cues or any(cue in text for cue in cues)


@pytest.mark.parametrize(
    ("file", "precision", "recall"), [("train.jsonl", 0.8, 0.6), ("multilingual.jsonl", 0.8, 0.6)]
)
def test_moments_of_the_labelled_asks(
    shared_data: Path, file: str, precision: float, recall: float
) -> None:
    """Of real asks, what is named mostly has a moment by its label, and most such are found.

    What a reader inferred from sentences farther away is out of reach of the words.
    """
    named = right = labelled = 0
    for line in (shared_data / "labelled" / file).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for ask in row["asks"]:
            found = bool(moment_of(ask["quote"], row["lang"]))
            named += found
            labelled += bool(ask["moment"])
            right += found and bool(ask["moment"])
    assert right / named >= precision
    assert right / labelled >= recall


@pytest.mark.parametrize(
    ("text", "lang", "place"),
    [
        ("Please open one in Leeds Briggate soon", "en", "Leeds Briggate"),
        ("a branch in Wexcombe would do well", "en", "Wexcombe"),
        ("please open one in fresno", "en", "fresno"),
        ("more flights to Ashdown Vale please", "en", "Ashdown Vale"),
        ("deliver to Marlow Creek, VT", "en", "Marlow Creek, VT"),
        ("chargers at the airport", "en", "the airport"),
        ("bring it to my town", "en", "my town"),
        ("we need a store near me", "en", "near me"),
        ("bring it to Turkey", "en", "Turkey"),
        ("turkey in the sandwich", "en", ""),
        ("an app for Android", "en", ""),
        ("by Monday in June", "en", ""),
        ("available in Steam too", "en", ""),
        ("put it in the Options menu", "en", ""),
        ("make it work in RES", "en", ""),
        ("add it to Netflix", "en", ""),
        ("speak to God about it", "en", ""),
        ("eine Filiale in München bitte", "de", "München"),
        ("mehr Steckdosen am Bahnhof", "de", "Bahnhof"),
        ("in Zukunft bitte mehr Auswahl", "de", ""),
        ("ouvrez un comptoir à Joigny svp", "fr", "Joigny"),
        ("une bûche à Noël", "fr", ""),
        ("abran una tienda en Calahorra", "es", "Calahorra"),
        ("quiero verla en Netflix", "es", ""),
        ("uma loja em Sorocaba", "pt", "Sorocaba"),
        ("un negozio a Gubbio", "it", "Gubbio"),
        ("otwórzcie sklep w Pułtusku", "pl", "Pułtusku"),
        ("w Lidlu brakuje masła", "pl", ""),
        ("부산에도 매장 내주세요", "ko", "부산"),
        ("우리 동네에도 와주세요", "ko", "우리 동네"),
        ("大阪にも出店してほしい", "ja", "大阪"),
        ("افتحوا فرع في جدة", "ar", "جدة"),
        ("पटना में भी खोलो", "hi", "पटना"),
        ("มาเปิดที่เชียงใหม่บ้าง", "th", "เชียงใหม่"),
        ("öppna i Malmö", "sv", ""),
    ],
)
def test_places_are_named_where_they_are_wanted(text: str, lang: str, place: str) -> None:
    """A name where only a place can stand, or a place without a name; platforms are none."""
    assert place_words_of(text, lang) == place


def test_the_tables_hold_patterns_only() -> None:
    """Each pattern of the tables compiles by itself, so that a mistake is found where it stands."""
    for lang, wording in table("moments.toml").items():
        for kind in ("parts", "days", "seasons", "events"):
            names = wording[kind]
            assert isinstance(names, dict)
            for label, words in names.items():
                try:
                    re.compile(words.replace("<when>", "(?:x)"))
                except re.error as error:
                    pytest.fail(f"{lang}, {kind}, {label}: {error}")
