"""Files that commands write: through links, into what is no plain file, replaced where one is."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import synthetic_runs as synthetic
from runs import called, environment

from conformance.records import RecordsError
from conformance.records.output import WriteError, whole, write_whole


@contextlib.contextmanager
def reader_of(fifo):
    """Whoever reads a FIFO's other end; what it got is in the list afterwards."""
    os.mkfifo(fifo)
    got = []
    thread = threading.Thread(target=lambda: got.append(fifo.read_bytes()), daemon=True)
    thread.start()
    yield got
    thread.join(10)
    assert not thread.is_alive(), "nothing was written into the FIFO"


class TestWhole:
    def test_a_file_keeps_its_mode_and_leaves_nothing_beside_it(self, tmp_path):
        path = tmp_path / "a.txt"
        path.write_text("before")
        path.chmod(0o600)
        write_whole(path, b"after")
        assert path.read_bytes() == b"after"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]

    @pytest.mark.parametrize("there", [True, False])
    def test_a_link_stays_and_its_file_is_replaced(self, tmp_path, there):
        (tmp_path / "far").mkdir()
        file, link = tmp_path / "far/file", tmp_path / "link"
        if there:
            file.write_text("before")
        (tmp_path / "between").symlink_to("far/file")
        link.symlink_to("between")
        write_whole(link, b"after")
        assert link.is_symlink()
        assert (tmp_path / "between").is_symlink()
        assert file.read_bytes() == b"after"
        assert not file.is_symlink()

    def test_what_fails_leaves_the_file_behind_a_link_as_it_was(self, tmp_path):
        file, link = tmp_path / "file", tmp_path / "link"
        file.write_text("before")
        link.symlink_to(file)
        with pytest.raises(TypeError), whole(link) as out:
            out.writelines([b"half", 0])
        assert file.read_text() == "before"
        assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "link"]

    def test_a_fifo_gets_the_bytes_and_stays(self, tmp_path):
        fifo = tmp_path / "fifo"
        with reader_of(fifo) as got:
            write_whole(fifo, b"through")
        assert got == [b"through"]
        assert stat.S_ISFIFO(fifo.stat().st_mode)

    def test_a_device_is_written_into(self, tmp_path):
        link = tmp_path / "null"
        link.symlink_to("/dev/null")
        write_whole(link, b"gone")
        assert link.is_symlink()
        assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
    def test_a_full_device_is_told(self):
        with pytest.raises(WriteError, match="cannot write into /dev/full: No space left"):
            write_whole(Path("/dev/full"), b"much")

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("folder", "it is a folder"),
            ("loop", "its links lead in a circle"),
            ("file/below", "Not a directory"),
            ("a" * 300, "name too long"),
        ],
    )
    def test_what_is_no_file_is_refused(self, tmp_path, name, why):
        (tmp_path / "folder").mkdir()
        (tmp_path / "file").write_text("kept")
        (tmp_path / "loop").symlink_to("loop")
        with pytest.raises(RecordsError, match=f"(?s)cannot write .*{why}"):
            write_whole(tmp_path / name, b"x")
        assert (tmp_path / "file").read_text() == "kept"
        assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder", "loop"]

    def test_an_open_file_of_this_process_is_continued(self, tmp_path):
        file = tmp_path / "file"
        with file.open("wb") as out:
            out.write(b"before ")
            out.flush()
            write_whole(Path(f"/dev/fd/{out.fileno()}"), b"between ")
            out.write(b"after")
        assert file.read_bytes() == b"before between after"


OUTPUTS = {
    "diff --markdown": ["diff", "latest", "latest", "--markdown"],
    "diff --json": ["diff", "latest", "latest", "--json"],
    "ledger update --into": ["ledger", "update", "latest", "--into"],
    "capabilities --into": ["capabilities", "latest", "--adapter", "torch", "--into"],
    "rows --markdown": ["rows", "reports", "--markdown"],
    "report --output": ["report", "latest", "--output"],
}


class TestOptions:
    @pytest.fixture
    def folder(self, tmp_path):
        synthetic.record(tmp_path / "reports/2026-run/records.jsonl", synthetic.lines(8))
        return tmp_path

    @pytest.fixture
    def call(self, folder, cache):
        return lambda words: called(words, folder, environment(cache))

    @pytest.mark.parametrize("name", OUTPUTS)
    def test_each_writes_through_a_link(self, name, folder, call):
        (folder / "far").mkdir()
        (folder / "link").symlink_to("far/out.x")
        done = call([*OUTPUTS[name], "link"])
        assert done.returncode in {0, 1}, done.stderr
        assert (folder / "link").is_symlink()
        assert (folder / "far/out.x").stat().st_size > 20

    @pytest.mark.parametrize(
        "name", sorted({*OUTPUTS} - {"ledger update --into", "capabilities --into"})
    )
    def test_each_writes_into_a_fifo(self, name, folder, call):
        with reader_of(folder / "fifo") as got:
            done = call([*OUTPUTS[name], "fifo"])
        assert done.returncode in {0, 1}, done.stderr
        assert len(got[0]) > 20
        assert stat.S_ISFIFO((folder / "fifo").stat().st_mode)

    @pytest.mark.parametrize("behind", [".", "file"])
    def test_dev_stdout_is_where_the_shell_leads_it(self, behind, folder, cache):
        target = folder / "out.txt"
        with target.open("wb") if behind == "file" else contextlib.nullcontext(None) as out:
            done = subprocess.run(
                [sys.executable, "-m", "conformance.cli", *OUTPUTS["diff --json"], "/dev/stdout"],
                cwd=folder,
                env=environment(cache),
                stdout=out or subprocess.PIPE,
                stderr=subprocess.PIPE,
                check=False,
            )
        text = target.read_text() if behind == "file" else done.stdout.decode()
        assert done.returncode == 0, done.stderr
        summary, _, json = text.partition("{")
        assert "OLD" in summary
        assert json.rstrip().endswith("}")
        assert Path("/dev/stdout").is_symlink()
