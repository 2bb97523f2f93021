"""A link that hands the lesson on, as text and as a QR code, and what goes along with it."""

from functools import lru_cache
from urllib.parse import urlencode, urljoin, urlsplit

import streamlit as st

from pages.parts.menu import PAGES
from pages.parts.state import HandedOn, ShareState, bound, remembered
from pages.parts.texts import LANGUAGES, text
from pages.parts.workspace.handing_on import CONTROLS, OPEN, SHARED, file_of
from pages.parts.workspace.runs import NamedRun
from pages.parts.workspace.session import Session
from pages.parts.workspace.sessions import KEEP_DAYS, NotThereError, shared_sessions
from seq2seq.takeaway.document import DamagedError
from seq2seq.takeaway.link import SharedLesson, write_link

# Bytes in a QR code of 117 × 117 modules. On a projector's picture two metres wide such a code has modules of some
# 6 mm: from the back of a room, six metres away, a phone's camera just sees three pixels to each.
MAX_QR = 1273
_ON_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


def section(session: Session) -> None:
    """Shows the link to the lesson, with what was chosen to go along, and the choices."""
    state = remembered(ShareState)
    st.subheader(text("share.link_title"), anchor=False)
    picture, beside = st.columns([1, 1] if session.is_large else [2, 3], gap="medium")
    with beside:
        link = st.container()
        _choose(session, state)
    named = next((named for named in session.runs if named.run is session.run), None) if state.with_model else None
    shared = _shared(session, state)
    address, why = _address(state, shared, named)
    with link:
        _show(address, why)
        if why in ("model", "large", "qr") or (named and state.handed.epoch != session.trained.epoch):
            _offer_to_keep(session, state, shared, named)
    with picture.container(key="qr"):
        if address and why != "qr":
            st.image(_qr(address), alt=text("share.qr_alt"), width="stretch")
        else:
            st.info(text("share.no_qr"), icon=":material/qr_code_2:")


def _shared(session: Session, state: ShareState) -> SharedLesson:
    """Returns what is handed on. What was left out for this session stays left out for the next one."""
    return SharedLesson(
        session.rows,
        session.lesson_name,
        session.model,
        session.training,
        is_large=state.is_large,
        language=state.language if state.language in LANGUAGES else None,
        asks=state.asks,
        hidden=tuple(sorted(session.hidden.union(state.hidden))),
    )


def _address(state: ShareState, shared: SharedLesson, named: NamedRun | None) -> tuple[str | None, str]:
    """Returns the address of the link, None if the server has to keep the lesson first, and why it is what it is."""
    if state.handed is not None and state.handed.of == (shared, named and named.run):
        return _url(state.page, SHARED, state.handed.id), "kept"
    if named is not None:
        return None, "model"
    carried = write_link(shared)
    if carried is None:
        return None, "large"
    address = _url(state.page, OPEN, carried)
    return address, "carried" if len(address) <= MAX_QR else "qr"


def _url(page: str, kind: str, value: str) -> str:
    """Returns an address of the server as this browser calls it."""
    return f"{urljoin(st.context.url or '', '.' if page == 'start' else page)}?{urlencode({kind: value})}"


def _show(address: str | None, why: str) -> None:
    """Shows the link, and says where it works, or why there is none yet."""
    server = urlsplit(address or "")
    if address:
        st.container(key="link").code(address, language=None)
    if server.hostname in _ON_THIS_MACHINE:
        st.warning(text("share.localhost"), icon=":material/wifi_off:")
    st.caption(text(f"share.link_{why}", days=f"{KEEP_DAYS:g}", server=f"{server.scheme}://{server.netloc}"))


def _offer_to_keep(session: Session, state: ShareState, shared: SharedLesson, named: NamedRun | None) -> None:
    """Offers to keep the lesson on this server, under a short link."""
    if not st.button(text("share.make"), icon=":material/add_link:", type="primary", key="make-link"):
        return
    try:
        with st.spinner(text("share.making")):
            id = shared_sessions().hand_on(file_of(shared, named, session.look_at))
    except NotThereError:
        st.error(text("frame.not_there"), icon=":material/error:")
        return
    except DamagedError as error:
        st.error(text(f"problem.{error.problem.kind}", **error.problem.details), icon=":material/error:")
        return
    state.handed = HandedOn((shared, named and named.run), id, session.trained.epoch if named else None)
    st.rerun()


@lru_cache(maxsize=100)
def _qr(address: str) -> str:
    """Returns an address as a QR code in SVG, black on white in the dark theme as well, or many phones miss it.

    As few modules as can be, so that each is large; what room they leave is used to correct errors.
    """
    import segno  # noqa: PLC0415

    return segno.make_qr(address, error="l").svg_inline(border=4, dark="black", light="white", omitsize=True)


def _choose(session: Session, state: ShareState) -> None:
    """Offers what goes along."""
    pages = [page for page in PAGES if session.shows(page) and page not in state.hidden]
    state.page = state.page if state.page in pages else pages[0]
    named = {page: text(f"{page}.menu") for page in PAGES} | {name: text(f"share.control_{name}") for name in CONTROLS}
    languages = {"browser": text("share.browser"), **LANGUAGES}
    page, language = st.columns(2)
    page.selectbox(text("share.page"), pages, format_func=named.get, **bound(state, "page", options=pages))
    spoken = bound(state, "language", options=list(languages))
    language.selectbox(text("share.language"), list(languages), format_func=languages.get, **spoken)
    with st.container(horizontal=True):
        st.toggle(text("share.large"), **bound(state, "is_large"))
        st.toggle(text("share.asks"), **bound(state, "asks"))
        is_trained = session.trained is not None
        state.with_model &= is_trained
        st.toggle(
            text("share.with_model"),
            help=text("share.with_model_help"),
            disabled=not is_trained,
            **bound(state, "with_model"),
        )
    st.multiselect(
        text("share.hide"),
        [name for name in named if session.shows(name) and name != "start"],
        format_func=named.get,
        placeholder=text("share.hide_nothing"),
        help=text("share.hide_help"),
        select_all=False,  # it would be there in English only, as is what a search does not find
        filter_mode=None,
        wrap=True,
        **bound(state, "hidden", starts="default"),
    )
    if state.with_model and session.is_outdated:
        st.warning(text("share.old_pairs"), icon=":material/history:")
    if "train" in state.hidden and "translate" not in state.hidden and not state.with_model:
        st.warning(text("share.no_model"), icon=":material/warning:")
