"""The texts on the screen: both catalogues say the same things, and the pages say nothing without them."""

import ast
import re
from functools import cache
from itertools import product
from pathlib import Path
from string import Formatter

from pages.parts.menu import PAGES
from pages.parts.model.trace import PARTS, SIDES
from pages.parts.model.wiring import QUESTIONS
from pages.parts.players.replay import TEXTS as REPLAY_TEXTS
from pages.parts.players.stepper import TEXTS as STEPPER_TEXTS
from pages.parts.texts import LANGUAGES, catalogue
from pages.parts.tour.steps import STEPS
from pages.parts.train.one_step import VIEWS
from pages.parts.workspace.handing_on import CONTROLS
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS
from seq2seq.data.checks import FILE_NOTES, NOTES, PROBLEM_MESSAGES
from seq2seq.data.encodings import ENCODINGS
from seq2seq.data.pairs import Pair
from seq2seq.lesson import ATTENTIONS
from seq2seq.takeaway.report import ATTENTION_TEXTS
from seq2seq.takeaway.report import TEXTS as REPORT_TEXTS
from seq2seq.tensors import Tensors
from seq2seq.vocabulary import LEVELS

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "streamlit_app.py", *sorted((ROOT / "pages").rglob("*.py"))]
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")

# Keys that the pages put together, with everything that can stand in the braces.
_ENDS = ("right", "epochs", "patience")
_MEASURES = ("loss", "accuracy", "exact_match", "cer")
_FIGURES = ("masked_accuracy", "padded_accuracy", "exact_match", "cer", "masked_loss", "padded_loss")
_TRAINING = ("epochs", "batch_size", "learning_rate", "patience", "seed", "held_out")
_SETTINGS = ("pairs", "units", "tokens", "markers", "mask", "attention", "both_ways", "batch", "rate", "seed")
_COLUMNS = ("shown", "used", "name", "status", *_SETTINGS, "epochs", "loss", "exact_match")
_SIDES = ("source", "target", "target_plus")
_QUESTIONS = []  # the names of questions, and why a choice is wrong: what stands in pairs of a name and a choice
_MISTAKES = ["otherwise", "never_eos", "cannot_eos", "before_limit", "knows_no_length"]
_ASKING = ("questions", "parameters", "attention", "lengths")
_PARSED = [ast.parse((ROOT / f"pages/parts/questions/{name}.py").read_text("utf-8")) for name in _ASKING]
for _node in (node for parsed in _PARSED for node in ast.walk(parsed)):
    match _node:
        case ast.Call(func=ast.Name(id="Question"), args=[ast.Constant(value=str(name)), *_]):
            _QUESTIONS.append(name)
        case ast.Tuple(elts=[ast.Constant(value=str(reason)), _]):
            _MISTAKES.append(reason)
FAMILIES = {
    "{}.menu": PAGES,
    "{}.title": PAGES,
    "{}.intro": PAGES,
    "choosing.{}": ("back", "forward"),
    "frame.undo_{}": ("lesson", "pairs", "settings", "runs"),
    "frame.redo_{}": ("lesson", "pairs", "settings", "runs"),
    "lesson.{}": (*SUPPLIED_LESSONS, "own"),
    "lesson.{}_reason": SUPPLIED_LESSONS,
    "cell.{}_input": SIDES,
    "cell.{}_title": ("unit", "step"),
    "cell.part_{}": PARTS,
    "cell.sum_{}": ("bias", "token", "state"),
    "model.{}": (
        *("encoder", "encoder_backward", "decoder", "attention", "dense", "kernel", "recurrent", "bias"),
        *("hidden_size", "markers", "mask_padding", "source_tokens", "target_tokens", "bidirectional"),
    ),
    "model.{}_help": ("markers", "mask_padding"),
    "model.answer_{}": ("", *QUESTIONS, "kept", "doubled"),
    "model.four_sets{}": ("", "_both"),
    "model.ask_{}": QUESTIONS,
    "model.notebook_{}": ("markers", "hidden_size", "source_tokens", "target_tokens", "attention", "bidirectional"),
    "attention.{}": (*ATTENTIONS, *ATTENTION_TEXTS),
    "one_step.view_{}": VIEWS,
    "one_step.{}": (
        *("this", "others", "mean", "before", "after"),
        *("time_step", "input", "right_token", "p_right", "difference_right", "likeliest", "p_likeliest", "sum"),
    ),
    "picture.{}": SIDES,
    "model.{}_tokens": Pair._fields,
    "pairs.{}": Pair._fields,
    "report.{}": REPORT_TEXTS,
    "share.{}": ("report", "replay", "runs", "epochs"),
    "share.{}_help": ("report", "replay"),
    "pictures.{}": ("png", "svg"),
    "pairs.as_{}": ("csv", "tsv", "xlsx"),
    "problem.{}": PROBLEM_MESSAGES,
    "problem.many_{}": NOTES - FILE_NOTES,
    "reading.{}": (
        *("encoding", "delimiter", "sheet", *Pair._fields, "header", "html", "escaped"),
        *("tab", "comma", "semicolon"),
        *("text", "numbers", "index", "alike", "few"),
    ),
    "reading.{}_help": ("header", "html", "escaped"),
    "encoding.{}": ENCODINGS,
    "problem.side_{}": Pair._fields,
    "run.{}": ("queued", "training", "paused", "finished", "failed"),
    "run.set_{}": _SETTINGS,
    "run.column_{}": _COLUMNS,
    "run.column_{}_help": ("shown", "used"),
    "tensors.{}": (*Tensors._fields, "padding", "left_out", "missing", "earlier"),
    "tensors.{}_vocabulary": Pair._fields,
    "tensors.section_{}": ("steps", "one_hot", "product", "shapes", "memory", "levels", "vocabularies"),
    "tensors.axis_time_{}{}": _SIDES,
    "tensors.axis_tokens_{}{}": _SIDES,
    "tokens.{}": LEVELS,
    "tokens.{}_many": LEVELS,
    "train.{}": (*_MEASURES, *_FIGURES, *_TRAINING, "stop_when_right", "evaluated", "epoch", "run", "mark", "right"),
    "train.{}_help": _TRAINING,
    "tour.{}": [step.name for step in STEPS],
    "train.padded_{}": ("loss", "accuracy"),
    "train.masked_{}": ("loss", "accuracy"),
    "train.on_{}": ("training", "held_out_"),
    "train.what_if_{}": ("units", "mask", "attention", "both_ways", "batch"),
    "train.ended_{}": _ENDS,
    "translate.ended_{}": ("eos", "length", "without_eos"),
    "translate.mark_{}": ("trained", "held_out", "unseen"),
    "translate.{}": ("trained", "held_out", "unseen"),
    "translate.section_{}": ("steps", "search", "contexts"),
    "search.{}": (
        *("greedy", "beam", "sampling", "best"),
        *("start", "kept", "finished", "pruned", "likeliest", "unlikelier"),
    ),
    "search.{}_what": ("greedy", "beam", "sampling"),
    "search.by_{}": ("eos", "length"),
    "contexts.mark_{}": ("a", "b"),
    "replay.{}": REPLAY_TEXTS,
    "stepper.{}": (*STEPPER_TEXTS, "in", "out"),
    "questions.{}": _QUESTIONS,
    "questions.{}_because": _QUESTIONS,
    "questions.wrong_{}": _MISTAKES,
    "questions.ends_{}": ("eos", "length", "source"),
    "stepper.do_{}": ("taught", "zero", "endless", "blind"),
    "share.control_{}": CONTROLS,
    "share.lesson_too_{}": ("runs", "rows", "text", "large"),
    "share.link_{}": ("carried", "qr", "large", "model", "kept"),
    "stepper.row_{}": ("plain", "changed", "own"),
}
# What stands on the screen in both languages: names, and words that a program is written in.
NAMES = {
    *("Seq2Seq", "Lab", "LSTM", "Dense", "softmax", "encoder_inputs", "decoder_inputs", "state_h", "state_c", "batch"),
    *("return_sequences", "token", "id", "shape", "bos", "eos", "kB", "MB", "GB"),
}


def placeholders(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


NO_WORDS = {
    "pictures.png",
    "pictures.svg",
    "start.title",
    "translate.pick_none",
    "encoding.utf-8",
    "encoding.utf-16-le",
}


@cache
def nodes():
    """Returns everything in the code of the pages, with the file and a name for the place."""
    return [
        (file, f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", node)
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    ]


def calls():
    return [(place, node) for _, place, node in nodes() if isinstance(node, ast.Call)]


def called(node):
    """Returns the last name of what is called: `text` of `text(…)`, `button` of `st.button(…)`."""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def written(node):
    """Returns the strings that an expression can become, with {} where they depend on something."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return written(node.body) + written(node.orelse)
    if isinstance(node, ast.BinOp):
        return [left + right for left, right in product(written(node.left), written(node.right))]
    if isinstance(node, ast.JoinedStr):
        return ["".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)]
    return []


def assigned(name, file):
    """Returns the strings that a variable of a file is set to."""
    return [
        value
        for in_file, _, node in nodes()
        if in_file == file and isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == ast.unparse(name)
        for value in written(node.value)
    ]


ASKING = {"text", "theme.text"}  # what is called with a key


@cache
def keys_in_code():
    """Returns (place, key, keywords given) for every text that the pages ask for."""
    found = []
    for file, place, node in nodes():
        if not isinstance(node, ast.Call):
            continue
        if ast.unparse(node.func) in ASKING:
            given = {keyword.arg for keyword in node.keywords}
            asked = written(node.args[0]) or assigned(node.args[0], file)
            assert asked, f"{place}: the key cannot be read here; use a literal or an f-string"
            found += [(place, key, given) for template in asked for key in expanded(template, place)]
        elif called(node) == "get" and "catalogue" in ast.unparse(node.func):
            found += [(place, key, set()) for t in written(node.args[0]) for key in expanded(t, place)]
    return found


def expanded(template, place):
    if "{}" not in template:
        return [template]
    assert template in FAMILIES, f"{place}: list the keys of {template!r} in FAMILIES"
    head, *_, tail = template.split("{}")
    return [f"{head}{value}{tail}" for value in FAMILIES[template]]


def test_both_catalogues_have_the_same_keys_and_placeholders():
    assert set(LANGUAGES) == {path.stem for path in (ROOT / "pages/parts/texts").glob("*.toml")} == {"ko", "en"}
    korean, english = catalogue("ko"), catalogue("en")
    assert list(korean) == list(english)
    for key, text in korean.items():
        assert placeholders(text) == placeholders(english[key]), key
        assert text.strip() and english[key].strip(), key


def test_every_text_that_the_pages_ask_for_exists():
    missing = [f"{place}: {key}" for place, key, _ in keys_in_code() if key not in catalogue("en")]
    assert missing == []


def test_every_text_and_every_family_is_used():
    assert set(catalogue("en")) - {key for _, key, _ in keys_in_code()} == set()
    asked = {template for _, node in calls() if node.args for template in written(node.args[0])}
    assert set(FAMILIES) - asked == set()


def test_every_placeholder_is_filled_in():
    english = catalogue("en")
    lacking = [
        f"{place}: {key} needs {sorted(needed)}"
        for place, key, given in keys_in_code()
        if None not in given and (needed := placeholders(english.get(key, "")) - given)  # None: given as **details
    ]
    assert lacking == []


def test_every_kind_of_problem_can_be_said():
    for kind, message in PROBLEM_MESSAGES.items():
        assert placeholders(catalogue("en")[f"problem.{kind}"]) <= placeholders(message) | {"line"}


def test_english_has_no_hangul_but_in_examples():
    assert {key for key, text in catalogue("en").items() if HANGUL.search(text)} == {"lesson.numbers_reason"}


def test_korean_is_korean():
    plain = {key: re.sub("`.*?`|[{].*?[}]", "", text) for key, text in catalogue("ko").items()}
    assert {key for key, text in plain.items() if not HANGUL.search(text)} <= NO_WORDS
    sentences = re.compile(r"[A-Za-z']+(?:,? [A-Za-z']+){2,}")  # three words in a row are no name any more
    assert {key: match[0] for key, text in plain.items() if (match := sentences.search(text))} == {}


def test_no_korean_particle_depends_on_what_is_filled_in():
    """이 and 가, 을 and 를 …: which of them is right depends on the sound before, so it must be known."""
    end_in_a_vowel = {"kind", "kinds", "accuracy"}  # 글자, 자모, 단어, 단어와 문장 부호; a percentage
    particle = re.compile(r"[{](\w+)[}][*”’]*(?:은|는|이|가|을|를|과|와|으로|로)(?![가-힣])|[가-힣][(][가-힣][)]")
    found = {key: match for key, text in catalogue("ko").items() for match in particle.finditer(text)}
    assert {key: match[0] for key, match in found.items() if match[1] not in end_in_a_vowel} == {}


# Arguments that end up on the screen; `page_link` begins with a file, and `box` and `arrow` with a role.
SHOWN_KEYWORDS = {"label", "help", "placeholder", "title", "alt", "page_title", "caption"}
NOT_FIRST = {"box", "arrow"}
SHOWING = {
    *("title", "header", "subheader", "write", "markdown", "caption", "text", "latex", "metric"),
    *("info", "warning", "error", "success", "toast", "progress", "spinner", "status"),
    *("button", "download_button", "link_button", "toggle", "checkbox", "radio", "selectbox", "multiselect", "slider"),
    *("select_slider", "text_input", "text_area", "number_input", "file_uploader", "segmented_control", "pills"),
    *("expander", "popover", "tabs", "TextColumn", "NumberColumn", "Column"),
}


def test_pages_show_no_literal_text():
    """Whatever a student reads comes from the catalogues, or it would be in one language only."""
    literal = []
    for place, node in calls():
        name = called(node)
        if ast.unparse(node.func) in ASKING:
            continue
        shown = [keyword.value for keyword in node.keywords if keyword.arg in SHOWN_KEYWORDS]
        shown += node.args[1:] if name in NOT_FIRST else node.args[:1] if name in SHOWING else []
        for text in (text for value in shown for text in written(value)):
            words = re.sub(r"<.*?>|`.*?`|[{]}|:[a-z]+[/\\[]", " ", text)
            left = {word for word in re.findall("[A-Za-z_0-9]*[A-Za-z]{2,}[A-Za-z_0-9]*", words)} - NAMES
            literal += [f"{place}: {word}" for word in sorted(left)]
    assert literal == []
