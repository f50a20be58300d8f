"""The page of what no case asks of Keras, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.wording.text import escaped, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.coverage.missing import Gap, Namespace

COMMAND: Final = "keras-conformance coverage --missing --into docs/not-covered.md"
_NAMED: Final = 12
"""Where more subjects than this share a row, and are most of their namespace, the others are
named."""
_KINDS: Final = ("whole", "argument", "facet")
_INTRO: Final = """\
# What is not covered

What the suite doesn't ask of Keras {keras}, by namespace, by argument and by facet, each with its
reason. *No case yet* is what could be asked; any other reason says why it is left out on purpose.

<!-- Rendered by `{command}`:
change cases, or conformance/coverage/exempt.yaml, not this page. -->

- What counts as asked, and the same for the Keras that is installed: [coverage.md](coverage.md).
- Inputs that end or hang a process are in no case:
  [said in words](coverage.md#left-out-as-it-ends-or-hangs-a-process).
- An argument that is asked may still hide a fault: [detection.md](detection.md) tells how many
  cases see one.
- What an adapter says it can't do is *unsupported*, a matter of that adapter:
  [capabilities.md](capabilities.md).
- What a facet asks: [verdicts.md](verdicts.md). `call.` stands before an argument of the call,
  `data.` before a key of a dictionary of images, `update_state.` before an argument of a metric's
  update.

## At a glance

"""


def page(keras: str, spaces: Sequence[Namespace]) -> str:
    """Render the page.

    Args:
        keras: Keras's version.
        spaces: What each namespace lacks.

    Returns:
        Markdown, ending in a line feed.
    """
    lines = [
        "| namespace | there are | asked | left out | no case yet | arguments | facets |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_glance(space) for space in spaces if not space.beyond),
        "",
        "*Arguments* and *facets* count what isn't asked of what is, whatever the reason.",
    ]
    asked = [space for space in spaces if space.asked]
    for space in asked:
        lines += ["", f"## {_full(space.name)}", "", *_table(space)]
    others = [space for space in spaces if not space.asked]
    if others:
        lines += ["", "## Namespaces that nothing is asked of", "", "| namespace | names | why |"]
        lines += ["| --- | --- | --- |", *_whole(others)]
    return _INTRO.format(keras=escaped(keras), command=COMMAND) + "\n".join(lines) + "\n"


def _glance(space: Namespace) -> str:
    whole = [gap for gap in space.gaps if gap.kind == "whole"]
    pending = sum(gap.pending for gap in whole)
    counts = (
        len(space.subjects),
        len(space.asked),
        len(whole) - pending,
        pending,
        sum(gap.kind == "argument" for gap in space.gaps),
        sum(gap.kind == "facet" for gap in space.gaps),
    )
    return f"| {_full(space.name)} | {' | '.join(f'{count:,}' for count in counts)} |"


def _table(space: Namespace) -> list[str]:
    """A row for each reason and each set of arguments or facets, pending ones last."""
    if not space.gaps:
        return ["Everything is asked."]
    rows = ["| what | of | why |", "| --- | --- | --- |"]
    gaps = sorted(space.gaps, key=lambda gap: (_KINDS.index(gap.kind), gap.pending))
    for (kind, reason, parts), subjects in _gathered(gaps).items():
        names = ", ".join(f"`{part}`" for part in parts)
        what = f"{kind} {names}" if names else "all of it"
        if len(parts) > 1:
            what = f"{kind}s {names}"
        # Of what nothing at all is asked, nobody asks for a facet.
        among = space.subjects if kind == "whole" else space.asked
        rows.append(f"| {what} | {_listed(subjects, among)} | {_reason(reason)} |")
    return rows


def _gathered(gaps: Iterable[Gap]) -> dict[tuple[str, str, tuple[str, ...]], list[str]]:
    """Subjects by what they lack alike for one reason."""
    by_subject: dict[tuple[str, str, str], list[str]] = {}
    for gap in gaps:
        by_subject.setdefault((gap.kind, gap.reason, gap.subject), []).append(gap.part)
    found: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (kind, reason, subject), parts in by_subject.items():
        key = (kind, reason, tuple(filter(None, parts)))
        found.setdefault(key, []).append(subject)
    return found


def _whole(spaces: Iterable[Namespace]) -> list[str]:
    """A row for each reason and set of names; namespaces that have them alike share it."""
    rows: dict[tuple[str, str], list[str]] = {}
    for space in spaces:
        by_reason: dict[str, list[str]] = {}
        for gap in space.gaps:
            by_reason.setdefault(gap.reason, []).append(f"`{gap.subject}`")
        for reason, names in by_reason.items():
            rows.setdefault((reason, ", ".join(names)), []).append(_full(space.name))
    return [
        f"| {', '.join(spaces)} | {names} | {_reason(reason)} |"
        for (reason, names), spaces in rows.items()
    ]


def _listed(subjects: Sequence[str], among: Sequence[str]) -> str:
    """The subjects; of many that are most of their namespace, the others."""
    others = [one for one in among if one not in subjects]
    if len(subjects) <= _NAMED or len(others) > len(subjects):
        return ", ".join(f"`{one}`" for one in subjects)
    if not others:
        return f"all {len(subjects)}"
    return f"all but {', '.join(f'`{one}`' for one in others)}"


def _full(namespace: str) -> str:
    return "`keras`" if namespace == "keras" else f"`keras.{namespace}`"


def _reason(text: str) -> str:
    """A reason as it is written, which may be Markdown, on a line of a table."""
    return visible(text).replace("|", "\\|").replace("<", "&lt;")
