"""Whatever a pair or the name of a file says, every page shows it as text: nothing of it runs, and nobody is asked."""

import itertools

from pages.parts.menu import PAGES

ELSEWHERE = "http://elsewhere.example/picture.png"
PAIRS = [
    ("<iframe srcdoc='<script>parent.ran=1</script>'>", "<script>ran=1</script>"),
    (f"![picture]({ELSEWHERE})", "[link](javascript:ran=1)"),
    ('=HYPERLINK("http://elsewhere.example")', "+1+cmd|' /C calc'!A0"),
    ("{{constructor.constructor('ran=1')()}}", "${ran=1}"),
    ("datum.constructor.constructor('ran=1')()", r"$\href{javascript:ran=1}{x}$"),
    (":material/delete: :red[red] `code`", "**bold** # title"),
    ("\u202eabc\u202c\u200bd", "</style><svg onload=ran=1>"),
    ("../../etc/passwd", "%00%0a"),
]
NAME = "<img src=x onerror=ran=1>![x](http:)$1$.tsv"
# Counts what must not be there, however a page came to it, in shadow trees and frames as well.
COUNT = """() => {
    const shadows = root => [...root.querySelectorAll("*")].map(element => element.shadowRoot).filter(Boolean)
    const within = root => [root, ...shadows(root).flatMap(within)]
    const made = "img[src*=elsewhere], img[src=x], a[href^=javascript], [onerror], [onload], a[href*=elsewhere]"
    const count = within(document).reduce((sum, root) => sum + root.querySelectorAll(made).length, 0)
    return count + ("ran" in window)
}"""


TOOLTIP = "() => document.querySelector('#vg-tooltip-element.visible')?.innerText ?? ''"


def hovers_over_all(student):
    """Moves the mouse over all charts, a step at a time; returns what their tooltips said."""
    said = set()
    for one in student.main.get_by_test_id("stVegaLiteChart").all():
        one.scroll_into_view_if_needed()
        box = one.bounding_box()
        for across, down in itertools.product(range(5), range(4)):
            student.page.mouse.move(
                box["x"] + (across + 0.5) / 5 * box["width"], box["y"] + (down + 0.5) / 4 * box["height"]
            )
            said.add(student.page.evaluate(TOOLTIP))
        assert student.page.evaluate(COUNT) == 0
    return said


def test_hostile_pairs_are_text_on_every_page(visit, troubles):
    student = visit()
    student.page.on("dialog", lambda dialog: troubles.append(f"asked: {dialog.message}"))
    student.goes_to("pairs")
    student.uploads("\n".join("\t".join(pair) for pair in PAIRS).encode(), NAME)
    student.uses_the_file(len(PAIRS))
    student.has_rows(len(PAIRS))
    student.types("target", 1, "<img src=x onerror=ran=1>")  # of a file it is left out, as what a card of Anki shows
    assert student.page.evaluate(COUNT) == 0
    student.goes_to("train")
    student.sets("train.epochs", 20)
    student.button("train.start").click()
    student.sees("train.ended_epochs")
    source, _ = PAIRS[0]
    said = {}
    for name in PAGES:
        student.goes_to(name)
        if name == "translate":
            student.translates(source)
        assert student.page.evaluate(COUNT) == 0
        said[name] = hovers_over_all(student)
    for name in ("tensors", "model"):
        assert any(said[name]), name
    assert any("<" in words for words in said["tensors"])
