"""Requests to run a page that come close together: none is lost, and none loses what another one did.

With few people in front of an app these moments are too short to be met; thirty on a busy server meet them often.
With `fastReruns` switched off (.streamlit/config.toml) a page has one thread, and a click is added to what waits for it
instead of stopping it: a click that had not been looked at yet would be gone. The other two are mended here.
"""

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import ScriptRunner, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

_LOOK = 0.01  # seconds from one look to the next at whether all of a run was handed over

_request_rerun = AppSession.request_rerun
_handle_requests = ScriptRunner._maybe_handle_execution_control_request


def make_safe() -> None:
    """Puts both into Streamlit's classes."""
    AppSession.request_rerun = _request_after_the_last_run
    ScriptRunner._maybe_handle_execution_control_request = _handle_requests_after_callbacks


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
