"""How tokens are drawn that would not be seen, or not be told apart."""

from pages.parts.drawing.tokens import display_token
from seq2seq.vocabulary import split


def test_lone_jamo_are_drawn_as_letters_and_those_that_end_a_syllable_with_a_hyphen():
    assert [display_token(jamo) for jamo in split("한 꿈.", "jamo")] == ["ㅎ", "ㅏ", "-ㄴ", "␣", "ㄲ", "ㅜ", "-ㅁ", "."]
    every = {jamo for code in range(0xAC00, 0xD7A4) for jamo in split(chr(code), "jamo")}
    drawn = [display_token(jamo) for jamo in every]
    assert len(set(drawn)) == len(every) == 19 + 21 + 27
    assert all("ㄱ" <= letter[-1] <= "ㅣ" and letter[:-1] in ("", "-") for letter in drawn)


def test_words_are_drawn_with_their_space():
    assert [display_token(word) for word in split("I'm  hungry.", "word")] == ["I'm", "␣", "␣hungry", "."]
