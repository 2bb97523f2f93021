"""The tensors over time in a real browser: a click on any box, and the arrow keys."""

from playwright.sync_api import expect

from pages.parts.tensors.over_time import LEFT, over_time
from pages.parts.theme import Theme
from seq2seq import NOTEBOOK_PAIRS, Lesson
from seq2seq.tensors import token_ids


def test_a_token_is_followed_by_mouse_and_by_keys(visit):
    """On the page Tensors: a click on any box, and the arrow keys."""
    student = visit(path="/tensors")
    student.is_at("tensors")
    lesson = Lesson(NOTEBOOK_PAIRS)
    ids = token_ids(lesson, [0])
    pair = over_time(lesson, ids, Theme())
    places = pair.boxes.set_index(["tensor", "step"])
    picture = student.main.get_by_test_id("stVegaLiteChart").first.locator(".marks")

    def clicks(tensor, step):
        box = picture.bounding_box()
        x, y = places.loc[(tensor, step), ["x", "y"]]
        picture.click(position={"x": box["width"] * (x - LEFT) / (pair.right - LEFT), "y": y})

    def follows(tensor, step):
        place = f"{tensor}[0, {step}, {getattr(ids, tensor)[0, step]}]"
        expect(student.main.get_by_test_id("stText").get_by_text(place, exact=True)).to_be_visible()
        # The choice below follows a moment later. Until then the browser sends the one before, and Streamlit takes that
        # for a choice of the student's.
        expect(student.main.get_by_role("radio", name=student.text(f"tensors.{tensor}"), exact=True)).to_be_checked()

    follows("encoder_inputs", 0)
    # The same one again: it stays.
    for tensor, step in (("decoder_targets", 4), ("encoder_inputs", 2), ("encoder_inputs", 2), ("decoder_inputs", 2)):
        clicks(tensor, step)
        follows(tensor, step)
    student.page.keyboard.press("ArrowRight")
    follows("decoder_inputs", 3)
    student.page.keyboard.press("ArrowLeft")
    follows("decoder_inputs", 2)
