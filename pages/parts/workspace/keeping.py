"""A session as a document and blobs, and a session out of them."""

from collections.abc import Iterable

from pages.parts.questions.question import Given
from pages.parts.workspace.lesson import Moment
from pages.parts.workspace.rows import Table
from pages.parts.workspace.runs import NamedRun
from pages.parts.workspace.session import Session
from seq2seq.classroom.run import KEPT, Run
from seq2seq.limits import MAX_NAME, MAX_TYPED
from seq2seq.takeaway.document import (
    Blobs,
    GivenDocument,
    MomentDocument,
    RunDocument,
    WorkspaceDocument,
)
from seq2seq.takeaway.packing import Packer, Unpacker

_SAME = ("look_at", "chosen", "sentence", "asks", "is_large", "has_shortcuts", "language")  # in both


class _Itself:
    """Equal to itself alone: for what is large and never changes. It holds it, or another could get its id."""

    __slots__ = ("_thing",)
    __hash__ = None

    def __init__(self, thing: object):
        self._thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self._thing is other._thing


def marks_of(session: Session) -> tuple:
    """Returns what differs whenever something is to be kept that was not: quickly, so that it can be asked often.

    The last mark is how far the runs are that train; the others are what somebody did, and what has ended.
    """
    rows = [_Itself(one) for one in (session.table.rows, session.start.rows, session.sentence_of)]
    lesson = *rows, session.model, session.training
    stacks = session.undo_stack, session.redo_stack, session.deleted, session.run
    marks, progress = [*lesson, *stacks, *list(session.answers.items()), session.hidden, *_same_of(session)], []
    for named in [*session.runs, *session.deleted]:
        marks += [named.name, named.is_shown, *_attributes(named.run)[:-1]]
        (progress if named.run.is_active else marks).append(_Itself(named.run.state))
    return (*marks, progress)


def _same_of(session: Session) -> list:
    return [getattr(session, name) for name in _SAME]


def _attributes(run: Run) -> list:
    return [getattr(run, name) for name in KEPT]


def document_of(session: Session, packer: Packer) -> WorkspaceDocument:
    """Returns the document of a session; what is new in it is in the packer's blobs."""
    moment, undo, redo, runs, current = session.snapshot()
    sentence = session.sentence
    return WorkspaceDocument(
        now=_moment(moment, packer),
        undo=tuple(_moment(then, packer) for then in undo),
        redo=tuple(_moment(then, packer) for then in redo),
        runs=tuple(_run(named, packer) for named in runs),
        run=current and current.id,
        sentence_of=session.sentence_of and packer.rows(session.sentence_of),
        answers={name: GivenDocument(*given) for name, given in list(session.answers.items())},
        hidden=tuple(sorted(session.hidden)),
        **dict(zip(_SAME, _same_of(session), strict=True)) | {"sentence": sentence and _fitting(sentence, MAX_TYPED)},
    )


def _fitting(words: str, most: int) -> str:
    """Returns as much of what was typed as can be read again, without halves of characters."""
    return words.encode("utf-8", "replace").decode()[:most]


def _moment(moment: Moment, packer: Packer) -> MomentDocument:
    return MomentDocument(
        lesson_name=moment.lesson_name,
        table=packer.rows(moment.table.rows),
        start=packer.rows(moment.start.rows),
        model=moment.model,
        training=moment.training,
        deleted=tuple(named.run.id for named in moment.deleted),
    )


def _run(named: NamedRun, packer: Packer) -> RunDocument:
    attributes = dict(zip(KEPT, _attributes(named.run), strict=True))  # before the state, which is final when it ended
    pairs, model = named.lesson_key
    lesson_name, start = named.lesson
    return RunDocument(
        name=_fitting(named.name, MAX_NAME),
        state=packer.state(named.run.state),
        lesson_name=lesson_name,
        start=packer.rows(start),
        pairs=packer.rows(pairs),
        model=model,
        baseline=named.baseline,
        is_shown=named.is_shown,
        **attributes,
    )


def restored(document: WorkspaceDocument, blobs: Blobs) -> Session:
    """Returns the session of a document; its runs rest. See `unfinished`.

    Raises:
        DamagedError: something is missing in it, or its parts do not fit together.
    """
    unpacker, tables = Unpacker(blobs), {}
    runs = {run.id: _named(run, unpacker) for run in document.runs}

    def table(digest: str) -> Table:
        if digest not in tables:
            tables[digest] = Table.of(unpacker.rows(digest))
        return tables[digest]

    def moment(then: MomentDocument) -> Moment:
        deleted = tuple(runs[id] for id in then.deleted if id in runs)
        return Moment(then.lesson_name, table(then.table), table(then.start), then.model, then.training, deleted)

    now = moment(document.now)
    session = Session(
        lesson_name=now.lesson_name,
        table=now.table,
        start=now.start,
        model=now.model,
        training=now.training,
        undo_stack=tuple(map(moment, document.undo)),
        redo_stack=tuple(map(moment, document.redo)),
        deleted=now.deleted,
        runs=[named for named in runs.values() if named not in now.deleted],
        sentence_of=document.sentence_of and unpacker.rows(document.sentence_of),
        answers={name: Given(given.answer, given.is_right) for name, given in document.answers.items()},
        hidden=frozenset(document.hidden),
        **{name: getattr(document, name) for name in _SAME},
    )
    current = runs.get(document.run) if document.run else None
    session.run = current.run if current in session.runs else None
    return session


def _named(document: RunDocument, unpacker: Unpacker) -> NamedRun:
    run = Run.kept(unpacker.state(document.state), **{name: getattr(document, name) for name in KEPT})
    return NamedRun(
        run,
        document.name,
        (unpacker.rows(document.pairs), document.model),
        document.baseline,
        document.is_shown,
        (document.lesson_name, unpacker.rows(document.start)),
    )


def unfinished(session: Session, document: WorkspaceDocument) -> Iterable[tuple[Run, int | None]]:
    """Yields the runs that trained when they were kept, with how many epochs they still want; None: up to a rule."""
    runs = {named.run.id: named.run for named in session.runs}
    for kept in document.runs:
        if kept.status in ("queued", "training") and kept.id in runs:
            yield runs[kept.id], None if kept.has_rules else max(1, kept.target_epoch - kept.state.epoch)
