"""What is compared with what, and what is wanted: `python -m benchmarks [--quick] [name …]` prints a Markdown table."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.data import PAIRS
from benchmarks.measure import Row, Side, Turn, machine, seconds, take_turns

PAIRS_QUICK = 1_000
EPOCHS = 200  # that the notebook trains; ours evaluates the model at 44 of them
WARM = "warm worker"
_WITH_ATTENTION = "an epoch of the same with attention"


def notebook(quick: bool) -> Iterator[Row]:
    """An epoch of the notebook's lesson."""
    with Side("notebook:Ours", like="worker") as ours, Side("notebook:Fit") as fit:
        our_turns, fit_turns = take_turns(
            1 if quick else 9, lambda: ours.call("train", epochs=EPOCHS), lambda: fit.call("train", epochs=20)
        )
    difference = _difference(our_turns[0].result, fit_turns[0].result)
    yield Row(
        f"an epoch of the notebook's lesson, {WARM}",
        "the notebook's `model.fit`",
        seconds(our_turns) / EPOCHS,
        seconds(fit_turns) / len(fit_turns[0].result),
        wanted=15,
        holds=difference < 1e-4,
        note=f"losses differ by at most {difference:.0e}; ours evaluates and keeps the model on its way, as in the app",
    )


def attention(quick: bool) -> Iterator[Row]:
    """An epoch of the notebook's lesson with attention."""
    with (
        Side("notebook:Ours", like="worker", attention="dot") as ours,
        Side("notebook:Ours", like="worker") as plain,
        Side("notebook:Fit", attention="dot") as fit,
    ):
        our_turns, plain_turns, fit_turns = take_turns(
            1 if quick else 9,
            lambda: ours.call("train", epochs=EPOCHS),
            lambda: plain.call("train", epochs=EPOCHS),
            lambda: fit.call("train", epochs=20),
        )
    difference, what = _difference(our_turns[0].result, fit_turns[0].result), f"{_WITH_ATTENTION}, {WARM}"
    ours_took = seconds(our_turns) / EPOCHS
    yield Row(
        what,
        "Keras's `fit` of the same model",
        ours_took,
        seconds(fit_turns) / len(fit_turns[0].result),
        wanted=10,
        holds=difference < 1e-4,
        note=f"losses differ by at most {difference:.0e}",
    )
    # At most 1.3 times as long as without.
    yield Row(what, "the same without attention", ours_took, seconds(plain_turns) / EPOCHS, wanted=0.77)


def right(quick: bool) -> Iterator[Row]:
    """From nothing to all five sentences right."""
    seeds = range(1 if quick else 2)  # the example takes minutes for each
    with Side("notebook:Ours", like="worker") as ours, Side("notebook:Example") as example:
        turns = [[side.call("until_right", seed=seed) for side in (ours, example)] for seed in seeds]
    our_turns, example_turns = zip(*turns, strict=True)
    fitting = median(turn.seconds - turn.result["seconds_translating"] for turn in example_turns)
    yield Row(
        f"from nothing to all five sentences right, {WARM}",
        "the recipe of Keras's example, 32 units, batch 1",
        seconds(our_turns),
        seconds(example_turns),
        wanted=10,
        holds=all(turn.result["right"] for turn in (*our_turns, *example_turns)),
        note=f"the same first weights and stopping rule; seeds {_listed(seeds)} took {_listed(_epochs(our_turns))} "
        f"epochs against {_listed(_epochs(example_turns))}; the example's epochs alone took {fitting:.1f} s",
    )


def large(quick: bool) -> Iterator[Row]:
    """An epoch of a large lesson, and the memory that its pairs take."""
    pairs, rounds = (PAIRS_QUICK, 1) if quick else (PAIRS, 3)
    with Side("large:Ours", like="worker", pairs=pairs) as ours, Side("large:Example", pairs=pairs) as example:
        our_turns, example_turns = take_turns(rounds, lambda: ours.call("train"), lambda: example.call("train"))
        losses = [side.call("loss_per_character").result for side in (ours, example)]
        sizes = [side.call("data_bytes").result for side in (ours, example)]
    yield Row(
        _large_epoch(pairs),
        "Keras's character-level example",
        seconds(our_turns),
        seconds(example_turns),
        wanted=2,
        holds=losses[0] <= losses[1] + 0.01,
        note=f"loss per real character after epoch {rounds}: {losses[0]:.3f} against {losses[1]:.3f}; the example "
        "without its validation split, so that both train on all pairs",
    )
    yield Row("memory of those pairs, as ids", "its three dense tensors", *sizes, wanted=50, unit="B")


def decoding(quick: bool) -> Iterator[Row]:
    """A step of the decoder."""
    for hidden_size in (32, 256):
        for name, against, their_steps, wanted in (
            ("Predict", "`model.predict`, as Keras's example does it", 50, 500),
            ("Compiled", "the same as a compiled `tf.function`", 2000, 5),
        ):
            with (
                Side("decoding:Ours", hidden_size=hidden_size) as ours,
                Side(f"decoding:{name}", hidden_size=hidden_size) as theirs,
            ):
                difference = _difference(*(side.call("decode", steps=5).result for side in (ours, theirs)))
                our_turns, their_turns = take_turns(
                    1 if quick else 9,
                    lambda ours=ours: ours.call("decode", steps=2000),
                    lambda theirs=theirs, steps=their_steps: theirs.call("decode", steps=steps),
                )
            yield Row(
                f"a decoding step, {hidden_size} units",
                against,
                seconds(our_turns) / 2000,
                seconds(their_turns) / their_steps,
                wanted,
                holds=difference < 1e-5,
                note=f"probabilities differ by at most {difference:.0e}",
            )


def pytorch_notebook(quick: bool) -> Iterator[Row]:
    """An epoch of the notebook's lesson, as it is and with attention, and PyTorch."""
    for attention, what in {"none": "an epoch of the notebook's lesson", "dot": _WITH_ATTENTION}.items():
        with Side("notebook:Ours", like="worker", attention=attention) as ours:
            batches = [[row] for row in range(5)]
            settings = [{"threads": threads, "attention": attention} for threads in _thread_counts()]
            best = _fastest(batches, epochs=20, settings=settings)
            with Side("pytorch:PyTorch", **best) as torch:
                torch.call("prepare", batches=batches)
                our_turns, torch_turns = take_turns(
                    1 if quick else 9,
                    lambda ours=ours: ours.call("train", epochs=EPOCHS),
                    lambda torch=torch: torch.call("train", epochs=50),
                )
        yield Row(
            f"{what}, {WARM}",
            "PyTorch",
            seconds(our_turns) / EPOCHS,
            seconds(torch_turns) / 50,
            wanted=1,
            note=f"PyTorch at its best: {_written(best)}",
        )


def pytorch_large(quick: bool) -> Iterator[Row]:
    """An epoch of a large lesson, and PyTorch."""
    pairs, rounds = (PAIRS_QUICK, 1) if quick else (PAIRS, 3)
    with Side("large:Ours", like="worker", pairs=pairs) as ours:
        settings = [
            {"threads": threads, "packed": packed, "pairs": pairs}
            for threads in _thread_counts()
            for packed in ("both", "encoder", "none")
        ]
        batches = ours.call("batches").result
        best = _fastest(batches[:: max(1, len(batches) // 6)], epochs=1, settings=settings)
        with Side("pytorch:PyTorch", **best) as torch:

            def train_torch() -> Turn:
                torch.call("prepare", batches=ours.call("batches").result)
                return torch.call("train")

            torch_turns, our_turns = take_turns(rounds, train_torch, lambda: ours.call("train"))
    losses = [turns[-1].result for turns in (our_turns, torch_turns)]
    yield Row(
        _large_epoch(pairs),
        "PyTorch",
        seconds(our_turns),
        seconds(torch_turns),
        wanted=1,
        # Its Adam adds epsilon elsewhere, which tells in the first epochs; and unpacked, its encoder reads padding.
        holds=losses[0] <= losses[1] + 0.05,
        note=f"PyTorch at its best: {_written(best)}; the same batches; mean loss of epoch {rounds}: "
        f"{losses[0]:.4f} against {losses[1]:.4f}",
    )


def app(quick: bool) -> Iterator[Row]:
    """What somebody in front of the app waits for, and what the app takes while nobody trains."""
    rounds = 1 if quick else 5
    with Side("app:Submitted", like="app") as submitted:
        (turns,) = take_turns(rounds, lambda: submitted.call("first_record"))
    yield _wait("submitted to first loss in the web process, warm", [turn.seconds for turn in turns], 0.5)
    with Side("app:Browser", like="app") as browser:
        starts = [browser.call("start_server").result for _ in range(rounds)]
        browser.call("warm_up")
        first_losses = [browser.call("first_loss").result for _ in range(rounds)]
        redraws = browser.call("redraws", while_seconds=3 if quick else 20).result
        steps = browser.call("decoding_steps", steps=3 if quick else 20).result
        idle = browser.call("idle", seconds=10 if quick else 60, pages=5).result
    yield _wait("cold server to first page, Chromium being open", starts, 3)
    yield _wait("click on Train to first loss on the page, warm", first_losses, 0.5)
    yield _wait("a redraw of the page Train while it trains, from asking to the last message", redraws, 0.1)
    yield _wait("a decoding step from click to picture, 256 units, 60 characters", steps, 0.1)
    for what, percent, wanted in zip(("with no page open", "more for each open page"), idle, (2, 0.2), strict=True):
        yield Row(f"of a core, app and cluster, nobody trains, {what}", "–", percent, None, wanted, unit="%")


ROWS = {
    row.__name__: row for row in (notebook, attention, right, large, decoding, pytorch_notebook, pytorch_large, app)
}


def _fastest(batches: list[list[int]], epochs: int, settings: Sequence[dict]) -> dict:
    """Returns the settings with which PyTorch trains on some batches fastest."""
    took = []
    for setting in settings:
        with Side("pytorch:PyTorch", **setting) as torch:
            torch.call("prepare", batches=batches)
            torch.call("train")  # warm
            took.append(seconds([torch.call("train", epochs=epochs) for _ in range(3)]))
    return settings[took.index(min(took))]


def _thread_counts() -> list[int]:
    """Returns 1, 2, 4 … and the number of cores."""
    cores = os.cpu_count()
    return sorted({*(2**n for n in range(cores.bit_length())), cores})


def _wait(what: str, waits: Sequence[float], wanted: float) -> Row:
    note = f"{len(waits)} times, from {min(waits):.2f} s to {max(waits):.2f} s"
    return Row(what, "–", median(waits), None, wanted, note=note)


def _large_epoch(pairs: int) -> str:
    return f"an epoch of {pairs:,} pairs, 256 units, batch 64, {WARM}"


def _difference(some: Sequence[float], others: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(some, others, strict=False))  # the shorter training decides


def _epochs(turns: Sequence[Turn]) -> list[int]:
    return [turn.result["epochs"] for turn in turns]


def _listed(values: Sequence) -> str:
    return ", ".join(map(str, values))


def _written(settings: dict) -> str:
    threads, packed = settings["threads"], settings.get("packed", "none")
    return f"{threads} thread{'s' * (threads > 1)}, packed: {packed}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"what to measure, of {_listed(ROWS)}; else all")
    parser.add_argument("--quick", action="store_true", help="fewer turns and pairs, to try the benchmarks themselves")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(ROWS):
        parser.error(f"there is no {_listed(unknown)}; there are {_listed(ROWS)}")
    print(f"{machine()}\n\n{Row.HEAD}", flush=True)
    remarks = []
    for name in arguments.names or ROWS:
        try:
            for row in ROWS[name](arguments.quick):
                print(row, flush=True)
                if row.note:
                    against = "" if row.theirs is None else f", against {row.against}"
                    remarks.append(f"{row.what}{against}: {row.note}")
        except ChildProcessError as error:
            print(error, file=sys.stderr)
            remarks.append(f"{name} left out: {str(error).strip().splitlines()[-1]}")
    print("", *(f"- {remark}" for remark in remarks), sep="\n")


if __name__ == "__main__":
    main()
