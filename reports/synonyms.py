"""Words and phrases that say the same in what customers ask for.

Deliberately short: each line holds in nearly every trade. A word that means two things ("line",
"chips", "outlet") stands in no line.
"""

from __future__ import annotations

SAME_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("dark mode", ("night mode", "dark theme", "night theme", "dark colour scheme")),
    ("login", ("log in", "log on", "sign in", "signin", "logon")),
    ("signup", ("sign up", "registration")),
    ("logout", ("log out", "log off", "sign out", "logoff")),
    ("refund", ("money back",)),
    ("parking", ("car park", "parking lot", "parking space", "parking spaces")),
    ("vegan", ("plant based", "meat free", "meatless")),
    ("customer support", ("customer service", "customer care")),
    ("human", ("real person", "live agent", "actual person", "real human")),
    ("indoor dining", ("dine in", "dining in", "dining room", "inside dining", "eat in")),
    ("air conditioning", ("aircon", "air con")),
    ("opening hours", ("business hours", "store hours", "hours of operation")),
    ("gluten free", ("coeliac", "celiac")),
    ("decaf", ("decaffeinated", "caffeine free")),
    ("previous version", ("old version", "older version", "earlier version")),
)
"""What is written for any of the phrases after it. Hyphens are blanks by then."""

SAME_WORDS: tuple[tuple[str, ...], ...] = (
    ("toilet", "restroom", "bathroom", "washroom", "loo", "lavatory"),
    ("staff", "employee", "worker", "crew", "personnel"),
    ("price", "cost"),
    ("bike", "bicycle"),
    ("photo", "picture", "pic", "photograph"),
    ("phone", "telephone"),
    ("app", "application"),
    ("ad", "advert", "advertisement", "advertising"),
    ("movie", "film"),
    ("child", "children", "kid"),
    ("vegetarian", "veggie"),
    ("voucher", "coupon"),
    ("tv", "television"),
    ("bin", "trashcan"),
    ("seat", "seating"),
    ("crash", "crashing"),
    ("update", "upgrade"),
)
"""Words of which the first stands for all."""
