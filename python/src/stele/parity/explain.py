"""Says in one line what a refusal of TensorFlow's means, and what to do about it."""

from __future__ import annotations

import re

from stele.contract.printable import one_line
from stele.parity.conversation import Answer
from stele.savedmodel.kinds import KINDS

# What TensorFlow says, what it means, and the finding of `stele inspect` whose remedy
# helps. The first that fits is said.
_KNOWN = (
    (
        r"has no attribute 'add_slot'",
        "a Keras 2 optimizer was saved with the model, which tf.saved_model.load cannot restore; "
        "sessions run it",
        "optimizer-slots",
    ),
    (
        r"is not a valid parameter name",
        "an input is named with a word of Python's, which its signatures cannot take; sessions "
        "run it",
        "python-word",
    ),
    (
        r"^Shapes must be equal rank, but are \d+ and 0\s*$",
        "an output has no tensor_shape in its signature, which tf.saved_model.load takes for a "
        "scalar; sessions run it",
        "shape-missing",
    ),
    (
        r"has a reference type",
        "an output is a reference to a TensorFlow 1 variable, which a function in Python cannot "
        "give; sessions run it",
        "reference-variables",
    ),
    (
        r"[Tt]able not initialized",
        "a table is initialized only by the graph's collection, which a session does not run",
        "table-in-collection",
    ),
    (
        r"Failed to find any matching files for .*[\[*?]|[\[*?].*not a valid checkpoint"
        r"|not a valid checkpoint: .*[\[*?]",
        "TensorFlow takes the path of the variables for a pattern",
        "path-is-pattern",
    ),
    (
        r"Could not find variable|Resource \S+/(?:Resource)?\S* does not exist"
        r"|Error while reading resource variable",
        "a session does not find the model's variables, as with a Keras 3 model written by "
        "tf.saved_model.save",
        "variables-not-restored",
    ),
    (
        r"Op type not registered",
        "the graph has an op that this TensorFlow does not have",
        "unknown-op",
    ),
)


def refusal(answer: Answer) -> str:
    """Return what a refusal means; empty when it is none that is known."""
    return meaning(f"{answer.message} {answer.detail}")


def meaning(text: str) -> str:
    """Return what TensorFlow's words mean, and what to do; empty when they are not known."""
    for pattern, what, kind in _KNOWN:
        if re.search(pattern, text):
            return "; ".join(filter(None, (what, KINDS[kind].remedy)))
    return ""


def reason(answer: Answer) -> str:
    """Return why there is no answer: a known reason, or the error itself on one line."""
    return refusal(answer) or own_words(answer)


def own_words(answer: Answer) -> str:
    """Return the error itself, on one line."""
    if answer.outcome is not None:
        return answer.detail
    code = answer.code.name if answer.code else "?"
    return f"{code}: {one_line(answer.message)}"
