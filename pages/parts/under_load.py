"""What Streamlit does badly on a busy server, mended: thirty students meet every lesson what one never does.

Of requests to run a page that come close together none is lost, and none loses what another one did. For that,
`fastReruns` is switched off (.streamlit/config.toml): a page has one thread, and a click is added to what waits for it
instead of stopping it, where a click that had not been looked at yet would be gone. And messages go out as quickly as
they are made. `.venv/bin/python -m pytest tests/pages/test_under_load.py` shows each fault where its mend is taken out.
"""

from dataclasses import replace
from weakref import WeakKeyDictionary

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import get_instance
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import ScriptRunner, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequestType
from streamlit.runtime.session_manager import SessionClientDisconnectedError

_LOOK = 0.01  # seconds from one look to the next at whether all of a run was handed over
_AT_ONCE = 100  # messages; a connection holds 500 that are not sent yet, and is closed where there are more

_left_for = WeakKeyDictionary[AppSession, tuple[str, str]]()  # which page was left by a link, and for which

_request_rerun = AppSession.request_rerun
_handle_requests = ScriptRunner._maybe_handle_execution_control_request
_run_script = ScriptRunner._run_script
_flush = AppSession.flush_browser_queue


def mend() -> None:
    """Puts what is below into Streamlit's classes."""
    AppSession.request_rerun = _request_the_page_asked_for
    ScriptRunner._maybe_handle_execution_control_request = _handle_requests_after_callbacks
    ScriptRunner._run_script = _run_the_page_shown
    AppSession.flush_browser_queue = _flush_and_send


def _request_the_page_asked_for(session: AppSession, client_state: ClientState | None) -> None:
    """Stays with the page that a link asked for, until the browser has heard of it.

    A cell that is left by a click on a link sends its words after the click, and names the page that it is on.
    Streamlit would take them for a wish to go back there, and the click would be lost.
    """
    if client_state is not None:
        shown, named = session._client_state.page_script_hash, client_state.page_script_hash
        left, asked = _left_for.pop(session, ("", ""))
        # What has values or is of a fragment comes from the page that it names; a link has neither.
        is_of_the_page = client_state.widget_states.widgets or client_state.fragment_id
        if is_of_the_page and named == left and asked and not client_state.is_history_navigation:
            client_state.page_script_hash, client_state.fragment_id = asked, ""
            _left_for[session] = left, asked
        elif named and named != shown and not is_of_the_page:
            _left_for[session] = shown, named
    _request_after_the_last_run(session, client_state)


def _run_the_page_shown(runner: ScriptRunner, data: RerunData) -> None:
    """Runs the page that is shown where a timer asks for a part of another one.

    It asked while a button led from there to here. Streamlit would take it for a wish to go back and forget the fields
    of the page that is shown: the next words typed in it would be lost.
    """
    shown = get_script_run_ctx().page_script_hash
    if data.fragment_id_queue and shown not in ("", data.page_script_hash):
        data = replace(data, page_script_hash=shown, fragment_id_queue=[])
    _run_script(runner, data)


def _request_after_the_last_run(session: AppSession, client_state: ClientState | None) -> None:
    """Lets a timer's request wait until what was drawn before it is handed over.

    Streamlit would begin a new runner and throw away what still comes from the one before. The browser would go on
    showing the page as it was: a training had ended, and "Pause" stood there for good.
    """
    runner = session._scriptrunner
    is_of_a_fragment = client_state is not None and client_state.fragment_id
    if is_of_a_fragment and runner is not None and runner._requests._state is ScriptRequestType.STOP:
        session._event_loop.call_later(_LOOK, _request_after_the_last_run, session, client_state)
    else:
        _request_rerun(session, client_state)


def _handle_requests_after_callbacks(runner: ScriptRunner) -> None:
    """Lets a callback come to its end before another request is looked at.

    Streamlit would cut it off where it next looks into the session's state, in the middle of what a click asked for.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or context.has_script_started:
        _handle_requests(runner)


def _flush_and_send(session: AppSession) -> list[ForwardMsg]:
    """Sends what waits for a browser; returns what is too much for now.

    Streamlit would send one message, and then do whatever else waits, among it to take over what pages have made
    meanwhile. With sixty students that is more than one message, so what waits grows, and as each run of a page goes
    through all that waits, in the end nothing goes out any more.
    """
    messages, runtime = _flush(session), get_instance()
    client = runtime._session_mgr.get_active_session_info(session.id)
    for n, message in enumerate(messages[:_AT_ONCE]):
        try:
            runtime._send_message(client, message)
        except SessionClientDisconnectedError:
            return messages[n:]  # Streamlit will find out as well, and disconnect
    return messages[_AT_ONCE:]
