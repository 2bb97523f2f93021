"""A large lesson, made from a seed: who has how many, in English with digits and in Korean words.

It is made like the 10,000 English–French pairs that Keras's example trains on, so that times and memory compare:
sources of 13 characters, 16 at most; targets of 18, a few of more than twice as many; 59 and 88 different characters.
"""

from __future__ import annotations

import random
from dataclasses import replace

from seq2seq import NOTEBOOK_PAIRS, Lesson, Pair
from seq2seq.classroom.supplied_lessons import korean_number, suggested_settings

PAIRS = 10_000
_NAMES = {
    "Anna": "애나", "Bea": "비", "Carl": "칼", "Dora": "도라", "Emma": "에마", "Fred": "프레드", "Gwen": "그웬",
    "Hugo": "휴고", "Ivy": "아이비", "Jane": "제인", "Kate": "케이트", "Liam": "리엄", "Mia": "미아", "Noah": "노아",
    "Olga": "올가", "Paul": "폴", "Quin": "퀸", "Rosa": "로사", "Sam": "샘", "Tina": "티나", "Uwe": "우베",
    "Vera": "베라", "Will": "윌", "Xena": "제나", "Yuri": "유리", "Zoe": "조이",
}  # fmt: skip
_FORMS = (  # source, target, digits of the number at most, how often
    ("{name}: {number}", "{name} 씨 점수는 {words} 점이에요.", 5, 10),
    ("{name} has {number}.", "{name} 씨는 {words} 원이 있어요.", 6, 25),
    ("{name} ran {number}!", "{name} 씨가 {words} 미터를 달렸어요!", 6, 25),
    ("Is {name} {number}?", "{name} 씨 번호가 {number}인가요?", 6, 22),
    ("Is it {number}, {name}?", "{name}, {words}인가요?", 3, 15),
    ("Tel. {number} {name}", "{name} 씨 전화는 {digits}번입니다. 다시 말하면 {digits}번이에요.", 6, 3),
)


def notebook_lesson(attention: str) -> Lesson:
    """Returns the notebook's lesson, with attention or as it is."""
    lesson = Lesson.as_in_notebook(NOTEBOOK_PAIRS)
    return replace(lesson, model=replace(lesson.model, attention=attention))


def large_lesson(pairs: int = PAIRS) -> Lesson:
    """Returns a lesson of so many pairs, with the settings that the app suggests for 10,000."""
    rng = random.Random(0)
    return Lesson(tuple(_pair(rng) for _ in range(pairs)), *suggested_settings(PAIRS))


def _pair(rng: random.Random) -> Pair:
    source, target, most, _ = rng.choices(_FORMS, [often for *_, often in _FORMS])[0]
    name, number = rng.choice(list(_NAMES)), rng.randrange(1, 10 ** rng.randint(1, most))
    high, low = divmod(number, 10_000)
    words = (korean_number(high) + "만" if high else "") + korean_number(low)
    digits = " ".join(korean_number(int(digit)) or "공" for digit in str(number))
    return Pair(
        source.format(name=name, number=number),
        target.format(name=_NAMES[name], number=number, words=words, digits=digits),
    )
