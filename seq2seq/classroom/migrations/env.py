"""Alembic runs this: on the connection of the store that is being opened."""

from alembic import context

from seq2seq.classroom.store import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
