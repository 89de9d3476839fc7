"""The README's first screen and the examples, as a user meets them: a jar and a fresh folder."""

import os
import re
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent
BUILD = Path(os.environ["STELE_BUILD"])
JAR = BUILD / "jvm" / "stele" / "stele-0.1.0.jar"
DIGITS = BUILD / "models" / "digits" / "saved_model"
JAVA = [str(FOLDER / "jdk"), "java", "--enable-native-access=ALL-UNNAMED", "-cp", str(JAR)]
IMAGE = "0 " * 63 + "16"


INSPECT = {"kotlin": "InspectKt", "scala": "Inspect"}


def programs_of(language: str) -> str:
    """The class path of a layer's examples."""
    programs = BUILD / "jvm" / f"stele-{language}-programs"
    return f"{programs}/stele-{language}-programs-0.1.0.jar:{programs}/lib/*"


def blocks(language: str) -> list[str]:
    text = (FOLDER / "README.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_first_screen_runs_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "Program.java").write_text(blocks("java")[0])
    done = subprocess.run(
        [*JAVA, "Program.java", str(DIGITS)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        # The library inside the jar, and nothing else.
        env={name: value for name, value in os.environ.items() if name != "STELE_LIBSTELE"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == blocks("console")[0].splitlines()[1:]


@pytest.fixture
def server():
    command = [*JAVA, str(FOLDER / "java" / "examples" / "Server.java"), str(DIGITS), "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def post(url: str, body: bytes) -> bytes:
    with urllib.request.urlopen(url, body, timeout=30) as answer:  # noqa: S310 (loopback)
        return answer.read()


def test_the_server_answers_and_refuses(server: str) -> None:
    assert len(post(server, IMAGE.encode()).split()) == 10
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(server, b"1 2 3")
    assert refused.value.code == 400
    assert b"3 given" in refused.value.read()
    with pytest.raises(urllib.error.HTTPError, match="400"):
        post(server, b"one")


@pytest.mark.parametrize(("language", "suffix"), [("kotlin", "kt"), ("scala", "scala")])
def test_the_lines_of_a_layer_are_those_of_its_example(language: str, suffix: str) -> None:
    example = (FOLDER / language / "examples" / f"Digits.{suffix}").read_text()
    lines = blocks(language)[0].splitlines()
    assert lines
    assert [line for line in lines if line not in example.splitlines()] == []


@pytest.mark.parametrize(
    ("language", "program"), [("kotlin", "CoroutinesKt"), ("scala", "Futures")]
)
def test_a_hundred_calls_at_once(language: str, program: str) -> None:
    command = [*JAVA[:-1], programs_of(language), program, str(DIGITS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"100 images, \d+ different digits\n", done.stdout)


@pytest.mark.parametrize("language", ["java", "kotlin", "scala"])
def test_inspect_prints_every_signature(language: str) -> None:
    if language == "java":
        command = [*JAVA, str(FOLDER / "java" / "examples" / "Inspect.java")]
    else:
        command = [*JAVA[:-1], programs_of(language), INSPECT[language]]
    done = subprocess.run([*command, str(DIGITS)], capture_output=True, text=True, check=True)
    assert "signature serving_default\n  input image FP32 [?,8,8,1]\n" in done.stdout


def test_the_jar_is_a_module(tmp_path: Path) -> None:
    """With native access for it alone, which a jar on the class path could not have."""
    (tmp_path / "Program.java").write_text(blocks("java")[0])
    command = [JAVA[0], "java", "--enable-native-access=dev.stele", "--module-path", str(JAR)]
    done = subprocess.run(
        [*command, "--add-modules", "dev.stele", "Program.java", str(DIGITS)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == blocks("console")[0].splitlines()[1:]
    assert "restricted method" not in done.stderr
