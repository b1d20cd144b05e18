"""The embedded server: one for each clone, found again, repaired after a kill, and two roles from the first day."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ops import postgres, postgres_home, processes
from tests.ops.clones import awkward_folder

NAME = "postgres"


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the instance folder of a clone with an awkward path, its server destroyed afterwards."""
    folder = awkward_folder(tmp_path_factory.mktemp("pg")) / "instance"
    (folder / "run").mkdir(parents=True)
    yield folder
    postgres.destroy(folder, name=NAME)


def server(folder: Path) -> postgres.Urls:
    """Return the running server, quick to make."""
    return postgres.ensure_running(folder, durable=False)


def test_starting_twice_or_at_once_gives_one_server(instance: Path) -> None:
    urls = server(instance)
    pid = postgres.running_pid(instance)
    threads = [threading.Thread(target=server, args=[instance]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server(instance) == urls
    assert postgres.running_pid(instance) == pid == processes.read_pid(instance / "run" / "postgres.pid")


def test_the_application_writes_rows_but_owns_and_changes_nothing(instance: Path) -> None:
    urls = server(instance)
    with psycopg.connect(urls.owner) as owner:
        owner.execute("CREATE TABLE note (id serial PRIMARY KEY, words text)")
    with psycopg.connect(urls.app) as app:
        app.execute("INSERT INTO note (words) VALUES ('强检')")
        app.execute("UPDATE note SET words = '通'")
        assert app.execute("SELECT id, words FROM note").fetchall() == [(1, "通")]
        app.execute("DELETE FROM note")
    for refused in ("CREATE TABLE mine (id int)", "DROP TABLE note", "TRUNCATE note", "CREATE ROLE other"):
        with psycopg.connect(urls.app) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(refused)


def test_names_are_ordered_by_code_point_in_utf8(instance: Path) -> None:
    with psycopg.connect(server(instance).app) as app:
        assert app.execute("SELECT 'é' < '强', 'a' > 'B', getdatabaseencoding()").fetchone() == (True, True, "UTF8")


def test_a_database_can_be_copied_from_a_template(instance: Path) -> None:
    urls = server(instance)
    model = postgres.create_database(urls.superuser, "model")
    with psycopg.connect(model.owner) as owner:
        owner.execute("CREATE TABLE kind AS SELECT 7 AS code")
    copy = postgres.create_database(urls.superuser, "copy of 模板", template="model")
    with psycopg.connect(copy.app) as app:
        assert app.execute("SELECT code, current_database() FROM kind").fetchone() == (7, "copy of 模板")


def test_after_kill_9_the_next_start_recovers_at_once_with_nothing_lost(instance: Path) -> None:
    urls = server(instance)
    with psycopg.connect(urls.owner) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 1 AS one")
    pid = postgres.running_pid(instance)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert server(instance) == urls
    assert postgres.running_pid(instance) not in (None, pid)
    with psycopg.connect(urls.app) as app:
        assert app.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_stale_pid_file_that_names_somebody_else_is_neither_believed_nor_killed(instance: Path) -> None:
    urls = server(instance)
    postgres.stop(instance)
    data = postgres.find_home(instance).data
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        lines = f"{other.pid}\n{data}\n1700000000\n5432\n/tmp\n\n0 0\nready\n"
        (data / "postmaster.pid").write_text(lines)
        assert postgres.running_pid(instance) is None
        assert server(instance) == urls
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_zombie_counts_as_gone(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    assert processes.wait_gone([child.pid], timeout_s=5), "it stays in the process table until it is waited for"
    child.wait()


def test_an_interrupted_set_up_is_finished_by_the_next_start(instance: Path) -> None:
    server(instance)
    postgres.stop(instance)
    home = postgres.find_home(instance)
    (home.folder / "data.new").mkdir(exist_ok=True)
    (home.folder / "data.new" / "half").touch()
    home.ready.unlink()
    with psycopg.connect(server(instance).app) as app:
        assert app.execute("SELECT current_user").fetchone() == ("qjt_app",)


def test_nobody_else_can_enter_the_sockets_folder_and_its_path_is_short(instance: Path) -> None:
    server(instance)
    folder = postgres_home.socket_folder(postgres.find_home(instance))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(os.fsencode(folder)) < 90


def test_two_clones_have_two_servers_and_stopping_one_leaves_the_other(instance: Path, tmp_path: Path) -> None:
    other = tmp_path / "另一份 clone" / "instance"
    (other / "run").mkdir(parents=True)
    try:
        first, second = server(instance), server(other)
        assert first.app != second.app
        assert postgres.stop(other)
        assert not postgres.stop(other)
        psycopg.connect(first.app).close()
        assert postgres.running_pid(other) is None
    finally:
        postgres.destroy(other, name=NAME)


def test_a_moved_clone_keeps_its_data_and_a_copy_gets_its_own(tmp_path: Path) -> None:
    before, after, copy = (tmp_path / name / "instance" for name in ("旧 位置", "新 位置", "副本"))
    (before / "run").mkdir(parents=True)
    with psycopg.connect(server(before).owner) as owner:
        owner.execute("CREATE TABLE moved AS SELECT 1 AS one")
    postgres.stop(before)
    before.parent.rename(after.parent)
    try:
        for _again in range(2):
            with psycopg.connect(server(after).app) as app:
                assert app.execute("SELECT one FROM moved").fetchone() == (1,)
        copy.mkdir(parents=True)
        if os.geteuid() == 0:
            (copy / "postgres.location").write_bytes((after / "postgres.location").read_bytes())
        assert server(copy).app != server(after).app
    finally:
        for folder in (after, copy):
            postgres.destroy(folder, name=NAME)


def test_a_new_clone_where_one_was_deleted_does_not_find_its_data(tmp_path: Path) -> None:
    instance = tmp_path / "同一个 位置" / "instance"
    homes = []
    for _clone in range(2):
        instance.mkdir(parents=True)
        home = postgres.find_home(instance)
        assert not home.data.exists()
        home.data.mkdir()
        homes.append(home.folder)
        assert postgres.find_home(instance).folder == home.folder
        shutil.rmtree(instance.parent)
    for folder in homes:
        shutil.rmtree(folder, ignore_errors=True)


def test_as_root_no_folder_of_anybody_else_changes_its_permissions(instance: Path) -> None:
    folders = [folder for folder in instance.parents if folder != Path("/")]
    before = [folder.stat().st_mode for folder in folders]
    server(instance)
    assert [folder.stat().st_mode for folder in folders] == before
