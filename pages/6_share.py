"""Share: hand the lesson on, and take it home."""

from pages.parts import frame
from pages.parts.share import kept, link, model, notebook, pages, tables

session = frame.open_page("share")
link.section(session)
notebook.section(session)
model.section(session)
pages.section(session)
tables.section(session)
kept.section(session)
frame.close_page("share")
