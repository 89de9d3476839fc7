"""The page's server and its files; the page itself is tested in bindings/js/page/test."""

from __future__ import annotations

import http.client
import json
import re
import threading

import numpy as np
import pytest

from stele import cli
from stele.contract.bundle import read_bundle
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import BY_NAME
from stele.parity.case import find
from stele.web import layout
from stele.web.python import Reference
from stele.web.server import Server

pytest.importorskip("stele_native", reason="made by bindings/rust")


@pytest.fixture(scope="module")
def digits():
    try:
        return find("digits")
    except SteleError as error:
        pytest.skip(error.message)


@pytest.fixture(scope="module")
def reference(digits):
    with Reference(digits) as reference:
        yield reference


@pytest.fixture(scope="module")
def page(digits, tmp_path_factory):
    """The page with one model, as files."""
    folder = tmp_path_factory.mktemp("web") / "page"
    layout.lay_out([digits], folder)
    return folder


@pytest.fixture(scope="module")
def server(page, reference):
    with Server(page, reference, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


# --- the server ---------------------------------------------------------------


def test_python_answers_with_its_very_bits(server, reference):
    image = np.random.default_rng(1).uniform(0, 16, (1, 8, 8, 1)).astype(np.float32)
    status, body, headers = ask(server, "POST", "/python/digits", image.tobytes())
    assert status == 200
    assert headers["Content-Type"] == "application/octet-stream"
    expected = reference.run({"image": image}, "serving_default")["probabilities"]
    assert body == expected.tobytes()


def test_python_says_who_it_is(server, reference):
    status, body, headers = ask(server, "GET", "/python/digits")
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"tensorflow": reference.tensorflow}


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/python/digits", b"", {}, 400),
        ("/python/digits", bytes(255), {}, 400),
        ("/python/digits", bytes(256), {"Content-Length": str(1 << 40)}, 400),
        ("/python/digits", bytes(256), {"Content-Length": "-1"}, 400),
        ("/python/digits", bytes(256), {"Host": "evil.example"}, 403),
        ("/python/other", bytes(256), {}, 404),
    ],
)
def test_what_is_no_image_of_ours_is_refused(server, path, body, headers, status):
    assert ask(server, "POST", path, body, headers)[0] == status
    # And it goes on serving.
    assert ask(server, "GET", "/index.html")[0] == 200


def test_files_have_the_types_that_browsers_insist_on(server):
    types = {
        "/": "text/html",
        "/app.js": "text/javascript",
        "/vendor/onnxruntime-web/dist/ort.wasm.min.mjs": "text/javascript",
        "/vendor/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm": "application/wasm",
    }
    for path, kind in types.items():
        status, _, headers = ask(server, "GET", path)
        assert (status, headers["Content-Type"].split(";")[0]) == (200, kind)
        assert headers["Cache-Control"] == "no-cache"


def test_nothing_outside_of_the_page_is_served(server):
    assert ask(server, "GET", "/../../pyproject.toml")[0] == 404
    assert ask(server, "GET", "/%2e%2e/%2e%2e/pyproject.toml")[0] == 404


def test_it_listens_on_this_machine_alone(server):
    assert server.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_an_error(server, page, reference):
    with pytest.raises(SteleError, match=f"port {server.server_address[1]}"):
        Server(page, reference, server.server_address[1])


# --- the files ----------------------------------------------------------------


def test_no_file_of_ours_asks_the_network(page):
    for file in [*page.glob("*.js"), *page.glob("*.css"), *(page / "tf-stele").rglob("*.js")]:
        assert "//cdn" not in file.read_text()
        assert not re.search(r"""(import|fetch|url)\b[^\n]{0,20}["'(]https?:""", file.read_text())
    html = (page / "index.html").read_text()
    assert not re.search(r'(src|href)="(https?:)?//', html)


def test_every_import_of_the_page_is_there(page):
    html = (page / "index.html").read_text()
    imports = json.loads(re.search(r'importmap">(.*?)</script>', html, re.DOTALL)[1])["imports"]
    for file in [*page.glob("*.js"), *(page / "tf-stele").rglob("*.js")]:
        # Not those of the types in comments.
        code = re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)
        for name in re.findall(r'\bfrom "([^"]+)"|\bimport\("([^"]+)"\)', code):
            target = next(filter(None, name))
            if target.startswith("."):
                assert (file.parent / target).is_file(), f"{file.name}: {target}"
            else:
                assert target in imports, f"{file.name}: {target}"
    for target in imports.values():
        assert target.startswith("data:") or (page / target).is_file()


def test_contents_name_what_is_there(page):
    contents = json.loads((page / layout.CONTENTS).read_text())
    (model,) = contents["models"]
    assert model["name"] == "digits"
    for to in model["formats"]:
        assert to["problem"] or (page / to["folder"] / "converted.json").is_file()
    assert (page / contents["digits"] / "converted.json").is_file()
    litert = json.loads((page / "models/digits/litert/converted.json").read_text())
    assert litert["batch"] == 1


def test_samples_are_one_of_each_digit_with_pythons_bits(page, reference):
    samples = json.loads((page / layout.CONTENTS).read_text())["samples"]
    assert [sample["digit"] for sample in samples] == list(range(10))
    for sample in samples:
        image = np.array(sample["pixels"], np.float32).reshape(1, 8, 8, 1)
        expected = reference.run({"image": image}, "serving_default")["probabilities"]
        assert np.array(sample["probabilities"], np.float32).tobytes() == expected.tobytes()


def test_cases_hold_inputs_and_pythons_outputs(page, digits, reference):
    contents = json.loads((page / "models/digits/cases.json").read_text())
    assert contents["reference"] == f"TensorFlow {reference.tensorflow}"
    by_name = {case["name"]: case for case in contents["cases"]}
    case = by_name["batch-3"]
    data = (page / "models/digits" / case["file"]).read_bytes()
    (image,), (probabilities,) = case["inputs"], case["outputs"]
    assert len(data) == image["bytes"] + probabilities["bytes"]
    given = read_bundle(digits.folder.parent / "cases" / "batch-3")
    assert data[: image["bytes"]] == given["image"].tobytes()
    expected = reference.run(given, "serving_default")["probabilities"]
    got = np.frombuffer(data[image["bytes"] :], BY_NAME[probabilities["dtype"]].numpy)
    assert got.tobytes() == expected.tobytes()


def test_what_is_known_of_a_case_comes_with_it(page):
    contents = json.loads((page / "models/digits/cases.json").read_text())
    by_name = {case["name"]: case["known"] for case in contents["cases"]}
    assert by_name["one"]["onnx"]["ulp"] > 8
    assert by_name["one"]["onnx"]["link"].startswith("https://")
    # A deviation, which is another answer, comes before a distance.
    assert by_name["serving_default/edge"]["onnx"]["ulp"] is None


def test_a_folder_that_is_no_page_stays(digits, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(SteleError) as caught:
        layout.lay_out([digits], tmp_path)
    assert caught.value.code is Code.ALREADY_EXISTS
    assert (tmp_path / "thesis.tex").exists()


def test_layout_only_prints_the_folder(page, capsys):
    assert cli.main(["web", "digits", "--layout-only", "--out", str(page)]) == 0
    assert capsys.readouterr().out == f"{page}\n"
    assert (page / "index.html").is_file()


def test_without_npm_it_says_what_to_install(digits, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SteleError, match="npm") as caught:
        layout.lay_out([digits], tmp_path / "page")
    assert caught.value.code is Code.FAILED_PRECONDITION
