"""The embedded mongod: found in the promised order, set up from any step, its troubles told in sentences."""

import os
import subprocess
import sys

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from freehold.store import local_admin
from freehold.store.local_admin import Login
from infra.local import mongod
from infra.local.ports import free_port


def interrupt(*_):
    raise KeyboardInterrupt


def program(folder, name="mongod"):
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


def test_the_named_program_comes_before_the_path_and_the_wheel(tmp_path):
    named, on_path = program(tmp_path, "mine"), program(tmp_path / "bin")
    environ = {"PATH": str(on_path.parent)}
    assert mongod.find_binary({**environ, "MONGOD_BINARY": str(named)}) == named
    assert mongod.find_binary({**environ, "MONGODB_BINARY": str(named)}) == named
    assert mongod.find_binary(environ) == on_path


def test_the_wheels_program_is_found_without_importing_the_wheel():
    binary = mongod.find_binary({"PATH": "/nowhere"})
    assert os.access(binary, os.X_OK)
    look = "import sys, infra.local.mongod as m; m.find_binary({'PATH': ''}); print('fiftyone' in sys.modules)"
    seen = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "False"


def test_a_named_program_that_is_none_is_refused_loudly(tmp_path):
    with pytest.raises(mongod.MongodTrouble, match="MONGOD_BINARY"):
        mongod.find_binary({"MONGOD_BINARY": str(tmp_path)})


def test_data_survives_a_restart_on_another_port(tmp_path):
    with mongod.running(tmp_path) as first, MongoClient(first.uri) as client:
        client.shop.things.insert_one({"_id": 1})
    with mongod.running(tmp_path) as second, MongoClient(second.uri) as client:
        assert second.port != first.port
        assert client.shop.things.find_one() == {"_id": 1}
    with mongod.running(tmp_path, port=second.port) as third, MongoClient(third.uri) as client:
        assert client.shop.things.find_one() == {"_id": 1}


def test_a_set_up_that_was_cut_off_before_its_user_was_made_is_completed(tmp_path, monkeypatch):
    monkeypatch.setattr(mongod.local_admin, "_make_user", interrupt)
    port = free_port()
    with pytest.raises(KeyboardInterrupt), mongod.running(tmp_path, port=port):
        pass
    monkeypatch.undo()
    with mongod.running(tmp_path, port=port) as place, MongoClient(place.uri) as client:
        assert client.admin.command("ping")["ok"] == 1


def test_it_is_a_replica_set_that_nobody_enters_without_the_password(tmp_path):
    with mongod.running(tmp_path) as place:
        with MongoClient(place.uri) as client:
            assert client.admin.command("hello")["setName"] == "rs0"
        with MongoClient("127.0.0.1", place.port) as stranger, pytest.raises(Exception, match="requires authentication"):
            stranger.shop.things.insert_one({})


def test_the_applications_user_does_all_of_its_work_in_one_database_and_nothing_else(tmp_path):
    with mongod.running(tmp_path) as place:
        for password in ("first", "second"):
            application = Login("application", password)
            local_admin.make_application_user(place.port, Login(mongod.USER, place.password), application, "shop")
        with MongoClient(application.uri(f"127.0.0.1:{place.port}")) as client:
            with client.shop.things.watch() as changes, client.start_session() as session:
                session.with_transaction(lambda inside: client.shop.things.insert_one({"_id": 1}, session=inside))
                assert changes.next()["fullDocument"] == {"_id": 1}
            forbidden = [
                lambda: client.other.things.insert_one({}),
                client.other.things.find_one,
                lambda: client.admin.command("createUser", "me", pwd="me", roles=["root"]),
                lambda: client.admin.command("getCmdLineOpts"),
                lambda: client.drop_database("shop"),
            ]
            for act in forbidden:
                with pytest.raises(OperationFailure, match="not authorized"):
                    act()


def test_a_database_with_another_password_is_told_in_a_sentence(tmp_path):
    with mongod.running(tmp_path):
        pass
    (tmp_path / "password").unlink()
    with pytest.raises(mongod.MongodTrouble, match="another password"), mongod.running(tmp_path):
        pass


def test_broken_data_is_told_in_a_sentence_that_names_the_folder(tmp_path):
    with mongod.running(tmp_path):
        pass
    (tmp_path / "data" / "WiredTiger.turtle").write_text("nonsense")
    (tmp_path / "data" / "WiredTiger.wt").write_text("nonsense")
    with pytest.raises(mongod.MongodTrouble, match=str(tmp_path)), mongod.running(tmp_path):
        pass


def test_a_missing_library_is_named_with_the_command_that_installs_it(tmp_path):
    place = mongod.prepare(tmp_path, port=1, binary=tmp_path)
    words = "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file: No such file"
    assert "apt-get install -y libcurl4" in mongod.explain(words, place)
    assert "does not fit this system" in mongod.explain("version `GLIBC_2.34' not found", place)
    assert "disk" in mongod.explain("errno 28: No space left on device", place)
