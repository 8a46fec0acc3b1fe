"""The label sets: names, order, definitions and display names. The only copy in the package.

The order of every tuple here is the order of the model's outputs, and it is written into each model's manifest.
"""

from __future__ import annotations

from typing import NamedTuple

LANGUAGES: tuple[str, ...] = ("ja", "uk", "fa", "en")
"""Language codes that the package scores (ISO 639-1)."""

UNDETERMINED = "und"
"""Code for a text in none of the four languages, or whose language cannot be told (ISO 639-2)."""


class Label(NamedTuple):
    """One label of a taxonomy.

    Attributes:
        name: Stable identifier used in code, files and the model.
        definition: What it means, in English.
        display: Name to show a reader, by language code.
    """

    name: str
    definition: str
    display: dict[str, str]


def _label(name: str, definition: str, en: str, ja: str, uk: str, fa: str) -> Label:  # noqa: PLR0913  four languages
    return Label(name, definition, {"ja": ja, "uk": uk, "fa": fa, "en": en})


SENTIMENT_LABELS: tuple[Label, ...] = (
    _label("negative", "the writer is displeased", "negative", "否定的", "негативний", "منفی"),
    _label(
        "neutral", "a fact, a question, or praise and complaint in balance", "neutral", "中立", "нейтральний", "خنثی"
    ),
    _label("positive", "the writer is pleased", "positive", "肯定的", "позитивний", "مثبت"),
)

THEME_LABELS: tuple[Label, ...] = (
    _label(
        "quality",
        "the product or food itself: defects, durability, taste, freshness, effect",
        "quality",
        "品質",
        "якість",
        "کیفیت",
    ),
    _label(
        "accuracy",
        "wrong, missing or not as described; misleading information",
        "wrong or not as described",
        "誤り・説明との相違",
        "невідповідність",
        "مغایرت با سفارش",
    ),
    _label(
        "delivery",
        "shipping, courier, packaging, lost or damaged in transit",
        "delivery",
        "配送・梱包",
        "доставка",
        "ارسال و بسته‌بندی",
    ),
    _label(
        "delay",
        "waiting, queues, lateness, cancellations, slow service",
        "delay",
        "遅れ・待ち時間",
        "затримка",
        "تأخیر و معطلی",
    ),
    _label("price", "too expensive, poor value", "price", "価格", "ціна", "قیمت"),
    _label(
        "billing",
        "charges, payment, invoices, fees, refunds, contract terms",
        "billing",
        "請求・返金・契約",
        "оплата й договір",
        "پرداخت و صورتحساب",
    ),
    _label(
        "staff",
        "attitude, courtesy, competence; bureaucratic, robotic or careless handling",
        "staff",
        "接客・スタッフ",
        "персонал",
        "برخورد کارکنان",
    ),
    _label(
        "support",
        "cannot reach anyone, no answer, poor after-sales help",
        "support",
        "サポート",
        "підтримка",
        "پشتیبانی",
    ),
    _label(
        "recovery",
        "the complaint itself handled badly: repeated mistakes, ignored, hollow apology, broken promise, no follow-up",
        "complaint handling",
        "苦情対応",
        "розгляд скарг",
        "رسیدگی به شکایت",
    ),
    _label(
        "app",
        "website, app, device software, connectivity, usability, login",
        "app and website",
        "アプリ・サイト",
        "застосунок і сайт",
        "اپلیکیشن و سایت",
    ),
    _label(
        "facility",
        "place, room, cleanliness, noise, comfort, location",
        "facility",
        "施設・清潔さ",
        "приміщення",
        "مکان و نظافت",
    ),
    _label(
        "trust",
        "fraud, counterfeit, privacy, safety, deception",
        "trust",
        "信頼・安全",
        "довіра й безпека",
        "اعتماد و امنیت",
    ),
)

CHURN_LABELS: tuple[Label, ...] = (
    _label(
        "exit",
        "has left, cancels, will not buy, come or renew again",
        "leaving",
        "離脱",
        "відмова",
        "ترک",
    ),
    _label(
        "switching",
        "goes to, prefers or looks for another supplier",
        "switching",
        "乗り換え",
        "перехід до інших",
        "رفتن سراغ رقیب",
    ),
    _label(
        "ultimatum",
        "makes leaving conditional, including bargaining for a discount",
        "ultimatum",
        "最後通告",
        "ультиматум",
        "اتمام حجت",
    ),
    _label(
        "resignation",
        "sees no point in complaining or asking any more",
        "resignation",
        "あきらめ",
        "зневіра",
        "دلسردی",
    ),
    _label(
        "disengagement",
        "uses or comes less, stopped opening it, loyalty fading",
        "disengagement",
        "利用減少",
        "охолодження",
        "کم‌رنگ شدن رابطه",
    ),
    _label(
        "unresolved",
        "has asked or reported repeatedly, or still waits for an answer",
        "unresolved",
        "未解決",
        "не вирішено",
        "حل‌نشده",
    ),
    _label(
        "distrust",
        "has lost trust, cannot rely on them",
        "distrust",
        "不信",
        "втрата довіри",
        "بی‌اعتمادی",
    ),
    _label(
        "regret",
        "regrets the purchase or the choice, doubts it",
        "regret",
        "後悔",
        "жаль",
        "پشیمانی",
    ),
)

SENTIMENTS: tuple[str, ...] = tuple(label.name for label in SENTIMENT_LABELS)
"""Sentiment names in model order: negative, neutral, positive."""

THEMES: tuple[str, ...] = tuple(label.name for label in THEME_LABELS)
"""The twelve complaint themes in model order."""

CHURN_KINDS: tuple[str, ...] = tuple(label.name for label in CHURN_LABELS)
"""The eight kinds of silent-churn phrase."""

CHURN_LEVELS: tuple[str, ...] = ("none", "low", "medium", "high")
"""Churn risk levels, lowest first."""

DEFINITE_KINDS = frozenset({"exit", "switching"})
"""Kinds that state leaving: one is enough for level ``high``."""

SERIOUS_KINDS = frozenset({"ultimatum", "disengagement", "resignation"})
"""Kinds of which one is enough for level ``medium``; of the rest it takes two different ones."""


def display_name(name: str, language: str = "en") -> str:
    """Return the name of a sentiment, theme or churn kind as a reader of `language` knows it.

    Args:
        name: A name from `SENTIMENTS`, `THEMES` or `CHURN_KINDS`.
        language: A code from `LANGUAGES`; any other gives English.

    Raises:
        KeyError: If no taxonomy has the name.
    """
    display = _BY_NAME[name].display
    return display.get(language, display["en"])


_BY_NAME = {label.name: label for label in SENTIMENT_LABELS + THEME_LABELS + CHURN_LABELS}
