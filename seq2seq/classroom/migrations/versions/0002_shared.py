"""Lessons that are handed on."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Adds the table of lessons that are too large for a link."""
    op.create_table(
        "shared",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("touched_at", sa.Float, nullable=False, index=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
