"""What somebody in front of the app can do, in words of the app.

Nothing here waits for time: whatever is done, the next step waits for what it shows on the page.
"""

import re

from playwright.sync_api import expect

from pages.parts.menu import PAGES
from pages.parts.texts import catalogue

PATIENCE = 120_000  # milliseconds; a busy machine is slow, not wrong
ROW = 35  # pixels, also of the header
COLUMNS = {"source": 2, "target": 3}  # the first two are for ticking rows and for their numbers

# Returns what has the focus, be it in a shadow root, unless that is seen: by an outline around it or around what stands
# for it, by the border of a field, or by the cell of a table that is drawn as selected.
UNSEEN_FOCUS = """() => {
    let focused = document.activeElement
    while (focused.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement
    const isOutlined = element => element && getComputedStyle(element).outlineStyle !== "none"
    const isSeen = [focused, focused.parentElement, focused.closest("label")].some(isOutlined)
        || focused.matches("body, input[type=text], input[type=number], [role=gridcell], canvas")
    return isSeen ? "" : focused.outerHTML.slice(0, 300)
}"""


class Student:
    """Somebody in front of a page, who reads and clicks in one language."""

    def __init__(self, page, language):
        self.page, self.language = page, language
        self.main, self.sidebar = page.get_by_test_id("stMain"), page.get_by_test_id("stSidebar")

    def text(self, key, **values):
        return catalogue(self.language)[key].replace("**", "").format(**values)  # as the browser shows it

    def sees(self, key, **values):
        expect(self.main.get_by_text(self.text(key, **values)).first).to_be_visible()

    def button(self, key, **values):
        # While a page runs again, what it drew before may still stand elsewhere.
        fresh = self.page.locator("[data-testid=stElementContainer][data-stale=false]")
        name = re.compile(f"^{re.escape(self.text(key, **values))}( Shortcut .+)?$")  # its key on the keyboard
        return fresh.get_by_role("button", name=name)

    def chart(self):
        """Waits until the first chart stands still, for it is drawn smaller at first; returns it."""
        chart = self.main.get_by_test_id("stVegaLiteChart").first
        expect(chart.locator("canvas")).to_be_visible()
        chart.scroll_into_view_if_needed()
        chart.evaluate(
            """async chart => {
                const looks = []
                while (looks.length < 20 || new Set(looks.slice(-20)).size > 1) {
                    await new Promise(requestAnimationFrame)
                    looks.push(JSON.stringify(chart.querySelector("canvas")?.getBoundingClientRect()))
                }
            }"""
        )
        return chart

    def goes_to(self, name, menu="stSidebar"):
        where = self.page.get_by_test_id(menu) if menu == "stSidebar" else self.page.locator(f".st-key-{menu}")
        where.get_by_role("link", name=self.text(f"{name}.menu"), exact=True).click()
        self.is_at(name)

    def is_at(self, name):
        """Waits for the headline of a page, and for the link at its end."""
        expect(self.main.get_by_role("heading", name=self.text(f"{name}.title"), exact=True, level=1)).to_be_visible()
        names = list(PAGES)
        if name != names[-1]:
            following = self.text(f"{names[names.index(name) + 1]}.menu")
            link = self.main.get_by_role("link", name=self.text("frame.next", page=following), exact=True)
            expect(link).to_be_visible()
        if name == "pairs":
            expect(self.table()).to_be_visible()

    def is_at_rest(self):
        """Waits until a page is drawn to its end."""
        expect(self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()
        expect(self.page.locator("[data-stale=true]")).to_have_count(0)

    def tabs_to(self, target):
        """Presses Tab until something has the focus, which is seen at every stop."""
        for _ in range(80):
            self.page.keyboard.press("Tab")
            unseen = self.page.evaluate(UNSEEN_FOCUS)
            assert not unseen, unseen
            if target.evaluate("element => element.matches(':focus-within')"):
                return
        raise AssertionError("the keyboard does not get there")

    def sees_it_saved(self):
        """Waits until the sidebar says that all is saved."""
        words = self.text("frame.kept", time="TIME").replace("TIME", "").strip(" ,")
        expect(self.sidebar.get_by_text(words)).to_be_visible()

    # The table of pairs is drawn on a canvas; its cells are also there for screen readers.

    def table(self):
        return self.main.get_by_test_id("data-grid-canvas").first

    def cell(self, column, row):
        return self.table().get_by_test_id(f"glide-cell-{COLUMNS[column]}-{row}")

    def has_rows(self, count):
        """Waits until the table has so many rows."""
        expect(self.table().locator("tbody [role=row]")).to_have_count(count)

    def selects(self, column, row):
        box = self.table().bounding_box()
        x = box["x"] + box["width"] * (0.3 if column == "source" else 0.8)
        self.page.mouse.click(x, box["y"] + (row + 1.5) * ROW)
        expect(self.cell(column, row)).to_have_attribute("aria-selected", "true")
        self._has_the_keyboard()

    def deletes(self, row, table=None):
        table = table or self.table()
        table.click(position={"x": 15, "y": (row + 1.5) * ROW}, force=True)  # what is drawn is no element of its own
        expect(table.locator("tbody [role=row]").nth(row)).to_have_attribute("aria-selected", "true")
        self._has_the_keyboard()
        self.page.keyboard.press("Delete")

    def _has_the_keyboard(self):
        """Waits until keys go to a table, which is some frames after a click into it."""
        expect(self.main.locator("[data-testid=data-grid-canvas]:focus-within")).to_have_count(1)

    def types(self, column, row, words):
        self.selects(column, row)
        self.page.keyboard.press("Enter")
        editor = self.page.locator("#portal textarea")
        editor.fill(words)
        editor.press("Enter")
        expect(editor).to_have_count(0)
        expect(self.cell(column, row)).to_have_text(words)

    def pastes(self, script):
        """Pastes what a script returns where the table is selected; needs the permission for the clipboard."""
        self.page.evaluate(f"navigator.clipboard.writeText({script})")
        self.page.keyboard.press("Control+V")

    def uploads(self, content, name="pairs.txt"):
        uploader = self.main.get_by_test_id("stFileUploaderDropzoneInput")
        uploader.set_input_files({"name": name, "mimeType": "text/plain", "buffer": content})

    def uses_the_file(self, pairs):
        """Takes over what was understood of a file: the button stands in a dialogue of its own."""
        self.page.get_by_role("button", name=self.text("reading.use", pairs=pairs), exact=True).click()

    def sets(self, key, value):
        number = self.main.get_by_role("spinbutton", name=self.text(key), exact=True)
        number.fill(str(value))
        number.press("Enter")

    def lets_it_train_on(self):
        """Switches off that it ends when all sentences are right: it may be right before anybody has looked around."""
        switch = self.main.get_by_role("switch", name=self.text("train.stop_when_right"))
        self.main.get_by_text(self.text("train.stop_when_right")).click()
        expect(switch).not_to_be_checked()

    def epochs_done(self, where="stMain", more_than=-1):
        """Waits until more whole epochs are shown and returns how many."""
        pattern = re.escape(self.text("run.epochs", done="DONE", epochs="EPOCHS")).replace("EPOCHS", r"\d+")
        found = self.page.wait_for_function(
            """([where, pattern, least]) => {
                const bar = document.querySelector(`[data-testid=${where}] [data-testid=stProgress]`)
                const match = bar?.innerText.match(pattern)
                return match && Number(match[1]) > least && {done: Number(match[1])}
            }""",
            arg=[where, pattern.replace("DONE", r"(\d+)(?:\.\d+)?"), more_than],  # 3.25 within the fourth
        )
        return found.json_value()["done"]

    def translates(self, sentence):
        field = self.main.get_by_role("textbox", name=self.text("translate.type"), exact=True)
        field.fill(sentence)
        field.press("Enter")
        expect(self.main.get_by_test_id("stText").get_by_text(sentence, exact=True)).to_be_visible()
        return self.main.locator(".st-key-translation")
