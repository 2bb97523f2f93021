"""Share: hand the lesson on, and take it home."""

from pages.parts import frame
from pages.parts.share import files, kept, link, model, notebook, pages

session = frame.open_page("share")
link.section(session)
files.section(session)
pages.section(session)
notebook.section(session)
model.section(session)
kept.section(session)
frame.close_page("share")
