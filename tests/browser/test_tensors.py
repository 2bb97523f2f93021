"""The tensors over time in a real browser: a click on any box, and the arrow keys."""

from playwright.sync_api import expect

from pages.parts.tensors import pictures as tensor_pictures
from pages.parts.tensors import tables as tensor_tables
from seq2seq import NOTEBOOK_PAIRS, Lesson
from seq2seq.tensors import token_ids


def test_a_token_is_followed_by_mouse_and_by_keys(visit):
    """On the page Tensors: a click on any box, and the arrow keys."""
    student = visit(path="/tensors")
    student.is_at("tensors")
    lesson = Lesson(NOTEBOOK_PAIRS)
    ids = token_ids(lesson, [0])
    boxes, *_ = tensor_pictures._heights(tensor_tables.time_rows(lesson, ids))
    columns = max(array.shape[1] for array in ids)
    picture = student.main.get_by_test_id("stVegaLiteChart").first.locator(".marks")

    def clicks(tensor, step):
        box = picture.bounding_box()
        left, right = tensor_pictures._LEFT, columns - 0.45
        x = box["width"] * (step - left) / (right - left)
        picture.click(position={"x": x, "y": boxes[0, tensor]})

    def follows(tensor, step):
        place = f"{tensor}[0, {step}, {getattr(ids, tensor)[0, step]}]"
        expect(student.main.get_by_test_id("stText").get_by_text(place, exact=True)).to_be_visible()

    follows("encoder_inputs", 0)
    for tensor in ("decoder_targets", "encoder_inputs", "decoder_inputs"):
        for step in (4, 2, 2):  # the same one again: it stays
            clicks(tensor, step)
            follows(tensor, step)
    student.page.keyboard.press("ArrowRight")
    follows("decoder_inputs", 3)
    student.page.keyboard.press("ArrowLeft")
    follows("decoder_inputs", 2)
