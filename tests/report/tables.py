"""Scored tables for the tests, made by hand, so that no test depends on the model."""

import json

PHRASES = {
    "ja": ("三度問い合わせても返事がないので、これで最後にします。", "これで最後にします"),
    "uk": ("Доставка запізнилась на тиждень, більше тут не замовлятиму.", "більше тут не замовлятиму"),
    "fa": ("غذا سرد بود، دیگه سفارش نمی‌دم.", "دیگه سفارش نمی‌دم"),
    "en": ("Third email, still no answer. I won't be ordering here again.", "won't be ordering here again"),
}


def scored(  # noqa: PLR0913  the columns
    text="fine", language="en", sentiment="neutral", themes="", phrases=(), level="none", score=0.05, **own
):
    """Return a row as `score` writes it; `phrases` are (kind, words)."""
    surest = {"negative": (0.9, 0.05), "neutral": (0.1, 0.1), "positive": (0.05, 0.9)}[sentiment]
    found = [
        {"kind": kind, "text": words, "start": text.find(words), "end": text.find(words) + len(words), "source": "test"}
        for kind, words in phrases
    ]
    return {
        "text": text,
        **own,
        "sk_language": language,
        "sk_language_confidence": 1.0,
        "sk_sentiment": sentiment,
        "sk_negative": surest[0],
        "sk_neutral": 1 - sum(surest),
        "sk_positive": surest[1],
        "sk_themes": themes,
        "sk_churn_level": level,
        "sk_churn_score": score,
        "sk_churn_kinds": ";".join(kind for kind, _ in phrases),
        "sk_churn_phrases": json.dumps(found, ensure_ascii=False),
        "sk_error": None,
    }


def unscored(error="SK101: the text is empty", **own):
    """Return a row that could not be scored."""
    return {**{name: None for name in scored()}, "text": "", **own, "sk_error": error}


def leaving(language="en", sentiment="negative", **own):
    """Return a row of a customer who leaves."""
    text, words = PHRASES[language]
    return scored(text, language, sentiment, "delay", [("exit", words)], "high", 0.93, **own)
