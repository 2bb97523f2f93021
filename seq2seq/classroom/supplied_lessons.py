"""What a lesson starts from: the supplied lessons, and settings for a student's own pairs.

The titles of the supplied lessons and the reasons for them are in the catalogues of the pages.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from seq2seq.data.pairs import NOTEBOOK_PAIRS, Pair
from seq2seq.lesson import ModelConfig, TrainingConfig


@dataclass(frozen=True)
class SuppliedLesson:
    """Pairs with settings that suit them.

    Args:
        name: its id, which never changes.
        pairs: what is learned.
        model: large enough for these pairs.
        training: long enough for them.
    """

    name: str
    pairs: tuple[Pair, ...]
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


def suggested_settings(pairs: int) -> tuple[ModelConfig, TrainingConfig]:
    """Returns settings to begin with for a number of pairs.

    More sentences need more units to be told apart, and larger batches so that an epoch stays short; a larger batch
    is a surer step, but with many pairs per epoch there are steps enough for a lower rate.
    """
    if pairs <= 20:
        return ModelConfig(), TrainingConfig()
    if pairs <= 400:
        return ModelConfig(hidden_size=64), TrainingConfig(batch_size=8, learning_rate=0.01)
    if pairs <= 2000:
        return ModelConfig(hidden_size=128), TrainingConfig(batch_size=16, learning_rate=0.005)
    return ModelConfig(hidden_size=256), TrainingConfig(batch_size=64, learning_rate=0.003, epochs=50)


def reverse_pairs() -> tuple[Pair, ...]:
    """Words and the same words backwards: the context vector has to carry every letter and its place."""
    return tuple(Pair(word, word[::-1]) for word in _WORDS.split())


def letter_pairs(count: int = 500) -> tuple[Pair, ...]:
    """Letters at random, from two of them to twelve, and the same backwards: there is nothing to know but their order.

    The longer they are, the more has to fit into the context vector. With these settings a model gets most of five
    letters right that it never saw, and hardly any twelve; with attention nearly all.

    Args:
        count: how many, at most 600; each length has as many.
    """
    rng, words = random.Random(0), {}
    while len(words) < count:
        word = "".join(rng.choices("abcdefgh", k=2 + len(words) % 11))
        if word != word[::-1]:
            words[word] = Pair(word, word[::-1])
    return tuple(words.values())


def date_pairs(count: int = 800) -> tuple[Pair, ...]:
    """Dates of the years 2000 to 2029 as people write them, and in ISO form.

    Args:
        count: how many of the 10,958 days; the others are left to try the rule on. From 300 of them a small model
            learns half of those, from 800 nearly all.
    """
    rng = random.Random(0)
    pairs = []
    for day_number in sorted(rng.sample(range(30 * 365 + 8), count)):  # 8 leap years
        day = date(2000, 1, 1) + timedelta(days=day_number)
        month = _MONTHS.split()[day.month - 1]
        forms = (f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}", f"{day.day} {month[:3]} {day.year}")
        pairs.append(Pair(rng.choice(forms), day.isoformat()))
    return tuple(pairs)


def number_pairs(count: int = 300) -> tuple[Pair, ...]:
    """Numbers from 1 to 999 in digits and in Korean words.

    Args:
        count: how many of the 999; the others are left to try the rule on. All of 1 to 9 are among them, because no
            longer number shows what a digit alone is called.
    """
    numbers = [*range(1, 10), *sorted(random.Random(0).sample(range(10, 1000), count - 9))]
    return tuple(Pair(str(number), korean_number(number)) for number in numbers)


def korean_number(number: int) -> str:
    """Returns a number from 1 to 9999 in Sino-Korean words: 21 is 이십일, and a single ten is 십, not 일십."""
    words = ""
    for digit, unit in zip(f"{number:04}", ("천", "백", "십", ""), strict=True):
        if digit != "0":
            words += unit if digit == "1" and unit else _DIGITS[int(digit)] + unit
    return words


_DIGITS = "영일이삼사오육칠팔구"

# The names are fixed here because `calendar` and `strftime` speak the language of the computer.
_MONTHS = "January February March April May June July August September October November December"

# Only ten different letters, so that these words are enough to find the rule, and none the same backwards. Left out, to
# be tried on the trained model: idea, land, learn, note, radio, rain, red, road, rose, salad, star, stone, ten, train.
_WORDS = """
    add ado aid aide ail air aisle ale alert alien alone also alto and ant are area arena aria arid arise art arts
    aside asset ate atlas dale dare dart data date deal dean dear deer delta den dent dial die died diet din dine
    diner dire dirt doe don done donor dose dot dots drain dress drill ear earl earn ease east eat eaten edit eel
    elder else end era ideal idle inlet into ion ire iron isle its lad laid lain lane lard last late lea lead lean
    least led lend lens lent less let lid lie lied line lint lion list lit liter load loan lone loose lord lose
    loser loss lost lot nail nasal near neat need nerd nest net nil nine nod node noise none nor nose not oar oat
    oats ode odor oil old one onion onto oral order ore rail raise ran rare rat rate ratio read real rear reed reel
    rein rent rest rid ride rinse riot rise roar roast rod rode role roll root rot sad sail sale salt sand sane sat
    sea seat seed seen sell send sense sent set side silo sin sir sit site slate slid slot snail snore soar soda
    soil solar sold sole solid solo son sonar soon sore sort stain stair stall stand stare start state steal steel
    stir stool store tail tale tall tan tar tart tea tear tease tell tend tenor tent test tide tie tied tile till
    tilt tin tire title toad toast toe told toll ton tone too tool toss total trade trail trait treat trend trial
    tried trio trot
"""

_GREETINGS = (
    Pair("Hello.", "안녕하세요."),
    Pair("Good morning.", "좋은 아침이에요."),
    Pair("Good night.", "안녕히 주무세요."),
    Pair("Nice to meet you.", "만나서 반가워요."),
    Pair("What is your name?", "이름이 뭐예요?"),
    Pair("My name is Minsu.", "제 이름은 민수예요."),
    Pair("Where are you from?", "어디에서 오셨어요?"),
    Pair("I'm from Korea.", "저는 한국에서 왔어요."),
    Pair("How are you?", "잘 지내세요?"),
    Pair("I'm doing well.", "저는 잘 지내요."),
    Pair("Long time no see.", "오랜만이에요."),
    Pair("Thank you.", "고마워요."),
    Pair("Thank you very much.", "정말 고마워요."),
    Pair("You're welcome.", "별말씀을요."),
    Pair("I'm sorry.", "미안해요."),
    Pair("Sorry I'm late.", "늦어서 미안해요."),
    Pair("It's all right.", "괜찮아요."),
    Pair("Excuse me.", "저기요."),
    Pair("Wait a moment, please.", "잠깐만 기다려 주세요."),
    Pair("Please come in.", "어서 들어오세요."),
    Pair("Please sit here.", "여기 앉으세요."),
    Pair("Do you speak English?", "영어 할 줄 아세요?"),
    Pair("I'm learning Korean.", "한국어를 배우고 있어요."),
    Pair("Please say it again.", "다시 한번 말해 주세요."),
    Pair("I don't understand.", "이해가 안 돼요."),
    Pair("I see.", "그렇군요."),
    Pair("I'm not sure.", "잘 모르겠어요."),
    Pair("What time is it now?", "지금 몇 시예요?"),
    Pair("It's three o'clock.", "세 시예요."),
    Pair("How is the weather?", "날씨가 어때요?"),
    Pair("It's cold today.", "오늘은 추워요."),
    Pair("It's raining.", "비가 와요."),
    Pair("Are you busy?", "바쁘세요?"),
    Pair("I'm a little tired.", "조금 피곤해요."),
    Pair("I'm hungry.", "배고파요."),
    Pair("Have you eaten?", "식사하셨어요?"),
    Pair("Let's eat together.", "같이 먹어요."),
    Pair("Would you like some coffee?", "커피 드실래요?"),
    Pair("Water, please.", "물 좀 주세요."),
    Pair("It's delicious.", "맛있어요."),
    Pair("How much is it?", "얼마예요?"),
    Pair("Where is the restroom?", "화장실이 어디예요?"),
    Pair("Where do you live?", "어디에 사세요?"),
    Pair("I live in Seoul.", "저는 서울에 살아요."),
    Pair("I'm a student.", "저는 학생이에요."),
    Pair("What do you like?", "뭘 좋아하세요?"),
    Pair("I like music.", "저는 음악을 좋아해요."),
    Pair("Happy birthday!", "생일 축하해요!"),
    Pair("Happy New Year!", "새해 복 많이 받으세요!"),
    Pair("Have a nice day.", "좋은 하루 보내세요."),
    Pair("Have a nice weekend.", "주말 잘 보내세요."),
    Pair("Call me later.", "나중에 전화해 주세요."),
    Pair("See you tomorrow.", "내일 봐요."),
    Pair("Get home safely.", "조심히 들어가세요."),
    Pair("Goodbye.", "안녕히 가세요."),
)

_CLASS_MODEL = ModelConfig(hidden_size=64)
_SHORT_TRAINING = TrainingConfig(epochs=50, batch_size=16, learning_rate=0.01)
_LESSONS = (
    SuppliedLesson("notebook", NOTEBOOK_PAIRS),
    SuppliedLesson("greetings", _GREETINGS, _CLASS_MODEL, TrainingConfig(epochs=100, batch_size=8, learning_rate=0.01)),
    SuppliedLesson(
        "reverse", reverse_pairs(), _CLASS_MODEL, TrainingConfig(epochs=60, batch_size=8, learning_rate=0.005)
    ),
    SuppliedLesson(
        "letters",
        letter_pairs(),
        ModelConfig(hidden_size=48),
        TrainingConfig(epochs=40, batch_size=16, learning_rate=0.007, held_out=0.1),
    ),
    SuppliedLesson("numbers", number_pairs(), _CLASS_MODEL, _SHORT_TRAINING),
    SuppliedLesson("dates", date_pairs(), _CLASS_MODEL, _SHORT_TRAINING),
)

# In the order in which they are offered.
SUPPLIED_LESSONS: dict[str, SuppliedLesson] = {lesson.name: lesson for lesson in _LESSONS}

# A lesson and an epoch of it, with its own settings and seed, at which beam search is right on some sentences where
# greedy is wrong. A test trains it.
BEAM_EXAMPLE = ("greetings", 40)
