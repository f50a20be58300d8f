"""All that is said of case files: mistakes, what the reference contradicts, what can't fail."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from conformance.cases.choosing import own_name
from conformance.cases.loading import case_files, default_root, load, load_ids
from conformance.cases.model import Graph
from conformance.cases.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from conformance.cases.model import Case
    from conformance.reference.answer.book import Answer
    from conformance.reference.errors import Statement
    from conformance.writing.places import Places


class Checked(Struct, kw_only=True):
    """What was found in case files.

    Attributes:
        cases: How many cases are sound.
        problems: What is wrong.
        warnings: What isn't, and can't fail.
        unread: Cases that are too large for warnings to be looked for.
    """

    cases: int
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


class _Said(NamedTuple):
    """Something that is said of concrete cases, which may be several of one written case."""

    problem: Problem
    cases: list[str]


class _Notes:
    """Remarks, each once, however many variants of a case they are true of."""

    def __init__(self) -> None:
        self._said: dict[tuple[object, str, str], _Said] = {}

    def add(self, case: Case, problem: Problem) -> None:
        key = problem.place, problem.key, problem.message
        self._said.setdefault(key, _Said(problem, [])).cases.append(own_name(case.id))

    def all(self) -> list[Problem]:
        found = []
        for problem, cases in self._said.values():
            more = f" and {len(cases) - 1} more" if len(cases) > 1 else ""
            within = f"in {cases[0]}{more}" if "[" in cases[0] else ""
            found.append(replace(problem, hint=within) if within else problem)
        return sorted(found, key=lambda one: (one.place.file, one.place.line, one.place.column))


def check(paths: Sequence[Path] = (), *, reference: bool = False) -> Checked:
    """Check case files.

    Args:
        paths: Files and folders; none means the packaged catalogue.
        reference: Hold what the cases state against the reference, too, and look for what can't
            fail in them. No framework is asked.

    Raises:
        CasesError: There is no case file.
    """
    given = list(paths) or [default_root()]
    catalogue = load(given)
    homes = {case_id: file for file in case_files(given) for case_id in load_ids([file])}
    found = Checked(cases=len(catalogue.cases), problems=list(catalogue.problems))
    looked = [case for case in catalogue.cases if reference or _is_given(case)]
    by_file: dict[Path, list[Case]] = defaultdict(list)
    for case in looked:
        by_file[homes[case.id]].append(case)
    for file, cases in by_file.items():
        _check_file(file, cases, found, reference=reference)
    return found


def _is_given(case: Case) -> bool:
    return isinstance(case.program, Graph) and bool(case.program.given or case.program.initial)


def _check_file(file: Path, cases: Iterable[Case], found: Checked, *, reference: bool) -> None:
    from conformance.writing import contradictions
    from conformance.writing.places import Places

    places = Places(file)
    wrong, weak = _Notes(), _Notes()
    seen: dict[tuple[str, str, str], list[tuple[Case, bool]]] = defaultdict(list)
    for case in cases:
        held = contradictions.held(case) if reference else contradictions.unfit_weights(case)
        _note(case, held.wrong, places, wrong)
        if held.answer is not None and not _look(case, held.answer, places, weak, seen):
            found.unread.append(case.id)
        found.cases -= bool(held.wrong)
    for (_, layer, name), sights in seen.items():
        if not any(one for _, one in sights):
            _note_argument(sights[0][0], layer, name, places, weak)
    found.problems += wrong.all()
    found.warnings += weak.all()


def _note(case: Case, statements: Iterable[Statement], places: Places, notes: _Notes) -> None:
    for one in statements:
        place = places.of(case, one.key)
        notes.add(case, Problem(place=place, key=one.key, message=one.message))


def _look(
    case: Case,
    answer: Answer,
    places: Places,
    notes: _Notes,
    seen: dict[tuple[str, str, str], list[tuple[Case, bool]]],
) -> bool:
    """Look for what a case can't see; False where it is too large for that."""
    from conformance.writing import weak

    if weak.is_too_large(answer):
        return False
    for one in weak.weaknesses(case, answer):
        place = places.of(case, one.key)
        notes.add(
            case,
            Problem(
                place=place,
                key=one.key,
                message=one.message,
                expected=one.expected,
                warning=True,
            ),
        )
    written = case.id.partition("[")[0]
    for argument in weak.arguments(case, answer):
        seen[written, argument.layer, argument.name].append((case, argument.seen))
    return True


def _note_argument(case: Case, layer: str, name: str, places: Places, notes: _Notes) -> None:
    """An argument that none of a written case's variants sees."""
    key, place = places.argument(case, layer, name)
    message = f"{name.removeprefix('call.')} of {layer} moves nothing that is asked: a framework "
    message += "that ignores it passes"
    notes.add(case, Problem(place=place, key=key, message=message, warning=True))
