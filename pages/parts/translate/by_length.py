"""What the model at hand makes of the lesson's sentences, by their length."""

from pages.parts.drawing import lengths
from pages.parts.state import TranslateState
from pages.parts.workspace.session import Session
from seq2seq import TrainingState
from seq2seq.analysis.lengths import sampled_outputs


def section(session: Session, state: TranslateState, trained: TrainingState) -> None:
    """Offers the figures of the model; it translates once, when they are looked at."""
    run = session.run

    def outputs_of() -> lengths.Outputs:
        key = (run.id, trained.step)
        if state.outputs is None or state.outputs[0] != key:
            state.outputs = key, sampled_outputs(trained)
        return {named.name: (trained.lesson, state.outputs[1]) for named in session.runs if named.run is run}

    lengths.section(outputs_of, session.theme)
