"""Share: hand the lesson on, and take it home."""

from pages.parts import frame

session = frame.open_page("share")
lesson = frame.need_lesson(session)
frame.close_page("share")
