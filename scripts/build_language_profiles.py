"""Make ``sentiment_kit/data/language_profiles.json``: the letter tables that tell our languages from their neighbours.

One logistic regression a script, our language against every other one in that script, each neighbour weighing alike.
It learns from the half of the texts that `build_half` chooses by hash; ``scripts/language_table.py`` reports the other
half. Sets named ``reviews_*`` (licence unclear) are never learnt from. The file holds weights only, no text.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from sentiment_kit.language import letter_groups, script_words

OURS = {"Latn": ("en",), "Cyrl": ("uk",), "Arab": ("fa", "prs"), "Hani": ("ja",)}
NEIGHBOURS = {
    "Latn": (
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "pl",
        "cs",
        "sr-Latn",
        "az",
        "tr",
        "kmr",
        "bs",
        "hr",
        "ro",
        "sk",
        "sl",
    ),
    "Cyrl": ("ru", "be", "bg", "sr", "mk", "kk", "tg", "mn"),
    "Arab": ("ar", "arz", "ur", "ps", "ckb", "azb", "sd", "ug"),
    "Hani": ("zh", "zh-Hans", "zh-Hant", "yue"),
}
# Languages that the data has no text of, and the encyclopaedic words of some that it has: drawn from the letter counts
# of Wikipedia that come with langdetect (Apache-2.0). For Cyrillic and Arabic letters they did not help.
FROM_LANGDETECT = {"Latn": "en de fr es it pt nl pl tr ro af ca cy da et fi hu id lt lv no so sq sv sw tl vi".split()}
# Persian and Urdu written in Latin letters, and the shop words of Russian, which the data has too little of: our lists.
SEEDS = {
    ("Latn", "fa-Latn"): (
        "salam man to oo ma shoma ishan in an on hast ast nist bood nabood shod nashod mishe nemishe khoob "
        "khub kheili kheyli bad behtar behtarin aali ali keifiat keyfiat gheymat geroon arzoon pool pul "
        "kharid kharidam foroush ferestad naferestadan resid narsid dir zood emrooz dirooz farda alan "
        "baraye bara be az ba ta ke ki chi chera koja chetor vali ama age agar ham hamin hamoon digeh dige "
        "faghat hich hame kasi yek do se khodam khodesh moshkel moshkeli khedmat poshtibani javab nemidan "
        "midan mikonam nemikonam kardam nakardam mikone kard karde boode dashtam dare daram nadare nadaram "
        "mikham nemikham khastam goft goftam nagoft mahsool kala baste ghaza garm sard tamiz kasif mamnoon "
        "merci lotfan vaghean vaghan aslan hatman bayad nabayad mitoonam nemitoonam raft miram miri "
        "nemiram omad biyad tamam shodeh kharab kharabe razi razi narazi pishnahad tosieh mikonid bebinid "
        "didam nadidam ghabli"
    ),
    ("Latn", "ur-Latn"): (
        "main mein hum tum aap woh yeh ye wo hai hain tha thi the ho hoga hogi gaya gayi gai gya kar karo "
        "karna kiya kya kyun kyu kyon kab kaise kesa kaisa nahi nahin nai nae bohat bohot bahut acha achi "
        "achay accha bura buri theek thik bilkul sab kuch koi mera meri mere mujhe mujhy hamara apna apni "
        "apne uska uski unka ka ki ke ko se ne par pe tak aur ya lekin magar agar to bhi hi sirf abhi phir "
        "kal aaj paisa paise paisay qeemat mehnga sasta zaroor shukriya maal cheez cheezein khareeda "
        "khareedna mangwaya mila mili milay nikla nikli kharab toota ganda ghatiya bakwas zabardast "
        "behtareen kamal jaldi dair intezar wapis wapas bheja bheji dia diya diye diya raha rahi rahe jata "
        "jati jate kehte kehta bola bolte dekha dekho lo le liya li lena dena chahiye chahie wala wali "
        "wale jaisa jaise waisa itna kitna zyada ziada kam larka larki bhai yaar log logon kaam karta "
        "karti karte hota hoti hote"
    ),
    ("Hani", "zh-Hans"): (
        "非常好 很好 不错 好评 差评 满意 不满意 很差 太差 太慢 太贵 便宜 好吃 难吃 质量 服务 态度 物流 "
        "快递 发货 收到 退款 退货 客服 推荐 不推荐 垃圾 失望 喜欢 值得 购买 卖家 东西 可以 一般 还行 真的 "
        "以后 再也 不会 来了 买了 性价比 高 环境 卫生 房间 干净 方便 使用 好用 不好用"
    ),
    ("Hani", "zh-Hant"): (
        "非常好 很好 不錯 好評 負評 滿意 不滿意 很差 太差 太慢 太貴 便宜 好吃 難吃 品質 服務 態度 物流 "
        "快遞 出貨 收到 退款 退貨 客服 推薦 不推薦 垃圾 失望 喜歡 值得 購買 賣家 東西 可以 一般 還行 真的 "
        "以後 再也 不會 來了 買了 環境 衛生 房間 乾淨 方便 使用 好用 不好用"
    ),
    ("Cyrl", "ru"): (
        "хорошо хороший хорошая хорошее плохо плохой плохая отлично отличный отличная нравится понравился "
        "понравилась не понравилось доволен довольна довольны спасибо быстро быстрая доставка доставили "
        "пришел пришла пришло заказ заказал заказала заказывал заказали товар качество качественный цена "
        "за такую цену деньги вернули вернуть возврат магазин продавец покупка покупкой покупкою купил "
        "купила купили советую рекомендую всем очень совсем только сейчас через неделю месяц год работает "
        "работала перестал перестала сломался сломалась звук экран телефон батарея заряд держит удобный "
        "удобно удобная красивый красивая большой большая маленький размер подошел подошла цвет как что "
        "это этот эта если когда потом пока еще уже нет нету есть было был была были будет можно нельзя "
        "надо нужно ничего никто никогда поддержка ответили отвечают позвонил звонили ужас ужасно ужасный "
        "кошмар обман обманули разочарован разочарована больше никогда куплю пользуюсь пользоваться месяца "
        "недостатков достоинства нареканий нормально в целом вообще конечно просто лучше хуже один раз "
        "сразу после заявку воды дом двор подъезд улица просьба прошу меры"
    ),
}
# English words that such texts are full of: they must not make them English.
BORROWED = (
    "product quality delivery price size color seller service time order app good best nice ok use mobile phone "
    "original online return refund money customer driver food fast late very thanks please star number battery camera "
    "sir"
).split()
ROWS_PER_SET, RAW_LINES, ROWS_READ = 700, 2500, 20_000
ROWS_PER_LANGUAGE = 16_000
CHUNKS_OF_WORDS, HAN_CHUNK = (1, 2, 3, 4), 6
FEWEST_TEXTS = 4
FOREIGN_WEIGHT = -6.0
LEVELS_PER_UNIT = 0.1
Row = tuple[str, str]


def build_half(text: str) -> bool:
    """Say whether a text is in the half that the tables may learn from."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.sha256(folded.encode("utf-8", "replace")).digest()[0] % 2 == 0


def read_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (text, language or empty) of a gzip JSON-lines or plain-lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line) if ".jsonl" in path.name else {"text": line}
            if row["text"]:
                yield row["text"], row.get("lang", "")


def clearly_ours(text: str, language: str, *, raw: bool) -> bool:
    """Leave Russian rows out of Ukrainian sets: a review must show a Ukrainian letter and no Russian one."""
    if language != "uk":
        return True
    lowered = text.lower()
    return not re.search("[ыэъё]", lowered) and (raw or bool(re.search("[іїєґ]", lowered)))


def our_rows(data: Path, language: str, rng: random.Random) -> Iterator[Row]:
    """Yield the build half of the labelled and raw text of one of our languages, a bounded number of each set."""
    rows = []
    for kind, cap in (("train", ROWS_PER_SET), ("raw", RAW_LINES)):
        for path in sorted((data / kind / language).glob("*.gz")):
            read = islice(read_texts(path), ROWS_READ)
            texts = [t for t, _ in read if build_half(t) and clearly_ours(t, language, raw=kind == "raw")]
            rng.shuffle(texts)
            rows += [(text, language) for text in texts[:cap]]
    rng.shuffle(rows)
    yield from rows[:ROWS_PER_LANGUAGE]


def lid_rows(data: Path) -> Iterator[Row]:
    """Yield the build half of the language-identification sets, without those of unclear licence."""
    for path in sorted((data / "lid").glob("*.gz")):
        if not path.name.startswith("reviews_"):
            yield from ((text, language) for text, language in read_texts(path) if build_half(text))


def pieces(words: str, script: str, rng: random.Random) -> Iterator[str]:
    """Yield the text and short pieces of it, so that the table knows one-word feedback too."""
    yield words
    if script == "Hani":
        solid = words.replace(" ", "")
        yield from (run for run in words.split() if len(run) > 1)
        for _ in range(3):
            start = rng.randrange(len(solid))
            yield solid[start : start + rng.randint(1, HAN_CHUNK)]
        return
    parts = words.split()
    for size in CHUNKS_OF_WORDS:
        if len(parts) > size:
            start = rng.randrange(len(parts) - size)
            yield " ".join(parts[start : start + size])


def seed_groups(script: str, rng: random.Random) -> Iterator[tuple[list[str], str]]:
    """Yield the letter groups of made-up texts in the languages that the data lacks."""
    for (of_script, language), words in SEEDS.items():
        if of_script == script:
            for _ in range(1500):
                drawn = rng.choices(words.split(), k=rng.randint(1, 9))
                if script == "Latn":
                    drawn += rng.choices(BORROWED, k=rng.randint(0, len(drawn) // 2))
                    rng.shuffle(drawn)
                yield letter_groups(("" if script == "Hani" else " ").join(drawn), script), language
    import langdetect  # only its letter counts are read

    for language in FROM_LANGDETECT.get(script, []):
        counts = json.loads((Path(langdetect.__file__).parent / "profiles" / language).read_text("utf-8"))["freq"]
        triples = {g.lower(): n for g, n in counts.items() if len(g) == 3 and _within(g, script)}  # noqa: PLR2004
        for _ in range(6000 if language in OURS[script] else 1000):
            drawn = rng.choices(list(triples), list(triples.values()), k=rng.choice((4, 8, 16, 32, 64)))
            yield (
                [part for g in drawn for part in (g[1].strip(), g[:2], g[1:] if g.endswith(" ") else "", g) if part],
                language,
            )


def _within(group: str, script: str) -> bool:
    return script_words(group, script) == group.lower().strip()


def foreign_letters(script: str) -> str:
    """Return letters of the script that our language does not write, whether or not the data shows them."""
    if script == "Cyrl":
        return "".join(
            c for c in map(chr, range(0x430, 0x530)) if c not in "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя" and c.isalpha()
        )
    if script == "Arab":
        ours = "ءآأؤئابةتثجحخدذرزسشصضطظعغفقلمنهويىكیکگچپژۀ"
        return "".join(
            c for c in map(chr, [*range(0x620, 0x6D6), *range(0x750, 0x780)]) if c not in ours and c.isalpha()
        )
    if script == "Latn":
        return "".join(c for c in map(chr, [*range(0x100, 0x250), 0x259, *range(0x1EA0, 0x1EFA)]) if c.islower())
    return "".join(
        c for c in map(chr, range(0x4E00, 0xA000)) if _written(c, "gb2312", "big5") and not _written(c, "euc_jp")
    )


def _written(character: str, *encodings: str) -> bool:
    for encoding in encodings:
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            continue
        return True
    return False


def examples(rows: Iterable[Row], script: str, rng: random.Random) -> tuple[list[Counter[str]], list[str]]:
    """Return the counted letter groups, scaled as the detector scales them, and the languages."""
    grouped = list(seed_groups(script, rng))
    for text, language in rows:
        words = script_words(text, script)
        if words and (language in OURS[script] or language in NEIGHBOURS[script]):
            grouped += [(letter_groups(piece, script), language) for piece in pieces(words, script, rng)]
    return [Counter(groups) for groups, _ in grouped], [language for _, language in grouped]


def fit(rows: list[Row], script: str, strictness: float, rng: random.Random) -> dict[str, object]:
    """Fit one script and return its table as the detector reads it."""
    counted, languages = examples(rows, script, rng)
    texts_with = Counter(group for groups in counted for group in groups)
    columns = {group: i for i, group in enumerate(g for g, n in sorted(texts_with.items()) if n >= FEWEST_TEXTS)}
    indices, values, starts = [], [], [0]
    for groups in counted:
        scale = sum(groups.values()) ** 0.5 or 1.0
        kept = [(columns[g], n / scale) for g, n in groups.items() if g in columns]
        indices += [column for column, _ in kept]
        values += [value for _, value in kept]
        starts.append(len(indices))
    features = csr_matrix((values, indices, starts), shape=(len(counted), len(columns)))
    is_ours = np.array([language in OURS[script] for language in languages])
    per_language = Counter(languages)
    others = len(set(per_language) - set(OURS[script]))
    weights = np.array(
        [0.5 / is_ours.sum() if o else 0.5 / others / per_language[x] for o, x in zip(is_ours, languages, strict=True)]
    )
    model = LogisticRegression(C=strictness, solver="liblinear", l1_ratio=1, max_iter=60, tol=1e-3, random_state=0)
    model.fit(features, is_ours, sample_weight=weights * len(counted))
    return _table(dict(zip(columns, model.coef_[0], strict=True)), float(model.intercept_[0]), script)


def _table(weights: dict[str, float], bias: float, script: str) -> dict[str, object]:
    for letter in foreign_letters(script):
        weights.setdefault(letter, FOREIGN_WEIGHT)
    groups: dict[str, list[str]] = {}
    for group, weight in sorted(weights.items()):
        if level := round(weight / LEVELS_PER_UNIT):
            groups.setdefault(str(level), []).append(group)
    joined = {level: "|".join(groups[level]) for level in sorted(groups, key=int)}
    return {"unit": LEVELS_PER_UNIT, "bias": round(bias, 4), "groups": joined}


def main() -> None:
    """Build the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with lid/, train/ and raw/")
    default = Path(__file__).parents[1] / "sentiment_kit" / "data" / "language_profiles.json"
    parser.add_argument("--out", type=Path, default=default, help="file to write (default: the package's own)")
    parser.add_argument("--strictness", type=float, default=8.0, help="inverse L1 penalty: larger keeps more groups")
    options = parser.parse_args()
    shared = list(lid_rows(options.data))
    tables = {}
    for script, (language, *_) in OURS.items():
        rng = random.Random(f"language-profiles-{script}")
        tables[script] = fit([*shared, *our_rows(options.data, language, rng)], script, options.strictness, rng)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    payload = {"version": 1, "scripts": tables}
    options.out.write_text(json.dumps(payload, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
