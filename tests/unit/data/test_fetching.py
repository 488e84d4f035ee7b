"""Laws of fetching: whole files with their publisher's checksum, or one line that says what to do."""

import functools
import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from zoo_core.contract import MachineError
from zoo_core.data.fetching import cache_folder, fetch_file

CONTENT = bytes(range(256)) * 9
MD5 = f"md5:{hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()}"

Fails = Callable[..., str]


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/short.bin":  # a server that goes away in the middle
            self.send_response(200)
            self.send_header("Content-Length", "5000")
            self.end_headers()
            self.wfile.write(b"1234567")
        else:
            super().do_GET()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A publisher on this machine, with one file."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "file.bin").write_bytes(CONTENT)
    handler = functools.partial(_Handler, directory=str(tmp_path / "public"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("checksum", [MD5, f"sha256:{hashlib.sha256(CONTENT).hexdigest()}", None])
def test_a_file_is_fetched_once_and_then_is_there(
    server: str, tmp_path: Path, checksum: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "cache" / "deep" / "file.bin"
    assert fetch_file(f"{server}/file.bin", checksum, kept) == kept
    (tmp_path / "public" / "file.bin").unlink()
    assert fetch_file(f"{server}/file.bin", checksum, kept).read_bytes() == CONTENT
    assert list(kept.parent.iterdir()) == [kept]
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("fetching")) == ("", 1)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("absent.bin", "404"), ("short.bin", "ended after 7 of 5,000 bytes"), ("file.bin", "checksum md5:.* not its")],
)
def test_what_cannot_be_fetched_whole_leaves_nothing_and_says_what_to_do(
    server: str, tmp_path: Path, fails: Fails, name: str, reason: str
) -> None:
    kept, wrong = tmp_path / "cache" / "file.bin", "md5:" + "0" * 32
    text = fails(MachineError, lambda: fetch_file(f"{server}/{name}", wrong, kept))
    for words in (f"{server}/{name} could not be fetched", f"checksum is {wrong}", f"put it at '{kept}'"):
        assert words in text
    with pytest.raises(MachineError, match=reason):
        fetch_file(f"{server}/{name}", wrong, kept)
    assert list(kept.parent.iterdir()) == []


def test_a_server_that_is_not_there_is_told_in_its_own_words(
    tmp_path: Path, fails: Fails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    text = fails(MachineError, lambda: fetch_file("http://127.0.0.1:9/file.bin", MD5, tmp_path / "file.bin"))
    assert "Connection refused" in text
    assert "<" not in text


def test_a_file_that_somebody_put_there_is_looked_at(tmp_path: Path, fails: Fails) -> None:
    (tmp_path / "file.bin").write_bytes(b"another")
    text = fails(MachineError, lambda: fetch_file("https://example.org/file.bin", MD5, tmp_path / "file.bin"))
    assert MD5 in text
    assert "remove it" in text


@pytest.mark.parametrize("address", ["file.bin", "ftp://example.org/file.bin"])
def test_an_address_that_is_none_is_refused(address: str, tmp_path: Path, fails: Fails) -> None:
    assert "begins with one of https" in fails(MachineError, lambda: fetch_file(address, None, tmp_path / "file.bin"))


def test_the_users_cache_is_kept_to_unless_its_name_is_relative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/zoo")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path.home() / ".cache" / "zoo"
