"""The package whose changes are looked at, as git and the disk have it."""

from __future__ import annotations

import subprocess

import pytest
from toy import FILES, GIT, Toy

from conformance.touched.source import Source, SourceError


@pytest.fixture
def toy(tmp_path):
    return Toy(tmp_path, [])


@pytest.fixture
def source(toy):
    return Source.find(toy.package)


def changed(source, base="main"):
    old, new = source.at(source.base(base).commit), source.now()
    return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}


def test_files_have_the_hashes_that_git_gives_them(source, toy):
    assert source.at("HEAD") == source.now()
    assert set(source.now()) == set(FILES)
    assert source.blob(source.now()["notes.md"]) == b"What this is.\n"
    assert source.commit() == toy.git("rev-parse", "HEAD")


def test_edits_new_files_and_deletions_are_seen(source, toy):
    toy.edit("dense.py", "return 0", "return 1")
    (toy.package / "inner").mkdir()
    (toy.package / "inner/näme with ' and \n.py").write_text("x = 1")
    (toy.package / "notes.md").unlink()
    (toy.package / "__pycache__").mkdir()
    (toy.package / "__pycache__/x.py").touch()
    assert changed(source) == {"dense.py", "notes.md", "inner/näme with ' and \n.py"}
    assert source.commit() == ""
    toy.commit("all of that")
    assert changed(source) == set()
    assert changed(source, "HEAD^") == {"dense.py", "notes.md", "inner/näme with ' and \n.py"}


def test_links_are_what_they_say_and_not_where_they_lead(source, toy):
    (toy.package / "link.py").symlink_to("/etc/hostname")
    toy.commit("a link")
    assert changed(source) == set()
    (toy.package / "link.py").unlink()
    (toy.package / "link.py").symlink_to("nowhere")
    assert changed(source) == {"link.py"}


def test_a_repository_inside_is_never_taken_to_be_the_same(source, toy):
    inner = toy.package / "inner"
    inner.mkdir()
    subprocess.run([GIT, "init", "-q"], cwd=inner, check=True)
    (inner / "x.py").touch()
    assert "inner/" in {path.rstrip("/") + "/" for path in changed(source)}


def test_any_path_inside_stands_for_the_whole_package(toy):
    (toy.package / "inner").mkdir()
    (toy.package / "inner/__init__.py").touch()
    source = Source.find(toy.package / "inner")
    assert (source.package, source.shown) == ("toyframe", "toyframe")


def test_a_package_may_be_the_repository_itself(tmp_path):
    toy = Toy(tmp_path, [])
    (toy.repository / "__init__.py").touch()
    toy.commit("a package")
    source = Source.find(toy.repository)
    assert source.package == "repository"
    assert changed(source) == set()
    assert source.outside("HEAD") == 0
    (toy.repository / "new.py").touch()
    assert changed(source) == {"new.py"}


def test_the_base_is_where_the_branch_left(source, toy):
    first = toy.git("rev-parse", "HEAD")
    toy.git("checkout", "-q", "-b", "branch")
    assert not source.base("main").forked
    toy.commit("on the branch")
    assert (source.base("main").commit, source.base("main").forked) == (first, False)
    toy.git("checkout", "-q", "main")
    toy.commit("on main")
    toy.git("checkout", "-q", "branch")
    base = source.base("main")
    assert (base.commit, base.forked) == (first, True)
    assert str(base) == f"{first[:10]}, where this left main"


def test_histories_without_anything_in_common_are_compared_all_the_same(source, toy):
    toy.git("checkout", "-q", "--orphan", "other")
    toy.edit("dense.py", "return 0", "return 1")
    toy.commit("from nothing")
    assert changed(source) == {"dense.py"}


def test_what_is_outside_is_counted(source, toy):
    assert source.outside("HEAD") == 0
    toy.edit("dense.py", "return 0", "return 1")
    (toy.repository / "setup.py").touch()
    (toy.repository / ".gitignore").write_text("x\n")
    assert source.outside("HEAD") == 2


@pytest.mark.parametrize(
    "named", ["nobody", "", "-x", "--upload-pack=x", "HEAD:toyframe", "HEAD~9"]
)
def test_what_is_no_revision_is_told(source, named):
    with pytest.raises(SourceError, match="no such revision"):
        source.base(named)


def test_a_folder_that_is_in_no_repository_is_told(tmp_path):
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone/__init__.py").touch()
    with pytest.raises(SourceError, match="not a git repository"):
        Source.find(tmp_path / "alone")


def test_that_git_is_missing_is_told(toy, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="git is needed"):
        Source.find(toy.package)
