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
PARENT = (FOLDER / "pom.xml").read_text()
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


ARTIFACTS = {
    "java": "stele",
    "remote": "stele-remote",
    "kotlin": "stele-kotlin",
    "scala": "stele-scala_3",
}


@pytest.fixture(scope="module")
def class_paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What Maven finds for projects of which each names one artifact, as the README does."""
    folder = tmp_path_factory.mktemp("projects")
    (dependency,) = blocks("xml")
    head = "<modelVersion>4.0.0</modelVersion><groupId>user</groupId><version>1</version>"
    modules = "".join(f"<module>{name}</module>" for name in ARTIFACTS)
    (folder / "pom.xml").write_text(
        f"<project>{head}<artifactId>all</artifactId><packaging>pom</packaging>"
        f"<modules>{modules}</modules></project>"
    )
    for name, artifact in ARTIFACTS.items():
        own = dependency.replace("<artifactId>stele<", f"<artifactId>{artifact}<")
        (folder / name).mkdir()
        (folder / name / "pom.xml").write_text(
            f"<project>{head}<artifactId>{name}</artifactId>"
            f"<dependencies>{own}</dependencies></project>"
        )
    plugin = "maven-dependency-plugin"
    pinned = re.search(rf"<artifactId>{plugin}</artifactId>\s*<version>(.*)</version>", PARENT)
    assert pinned
    goal = f"org.apache.maven.plugins:{plugin}:{pinned[1]}:build-classpath"
    maven = [str(FOLDER / "jdk"), "mvn", "--batch-mode", "--no-transfer-progress"]
    own_repository = f"-Dmaven.repo.local={BUILD / 'jvm' / 'repository'}"
    done = subprocess.run(
        [*maven, own_repository, "-Dmdep.outputFile=class-path", goal],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: (folder / name / "class-path").read_text() for name in ARTIFACTS}


def run_with(class_path: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*JAVA[:-1], class_path, *command], capture_output=True, text=True, check=False
    )


def test_the_coordinates_are_those_of_a_jar_that_runs(
    class_paths: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "Program.java").write_text(blocks("java")[0])
    done = run_with(class_paths["java"], str(tmp_path / "Program.java"), str(DIGITS))
    assert done.stdout.splitlines() == blocks("console")[0].splitlines()[1:], done.stderr


def test_the_remote_client_brings_grpc_along(class_paths: dict[str, str], tmp_path: Path) -> None:
    lines = blocks("java")[1].replace("127.0.0.1:8500", "127.0.0.1:1")
    (tmp_path / "Program.java").write_text(
        "import dev.stele.*; import dev.stele.remote.*; import java.util.Map;\n"
        "class Program { public static void main(String[] arguments) {\n"
        f"Tensor image = Tensor.of(new float[64], 1, 8, 8, 1);\n{lines}}}}}}}\n"
    )
    done = run_with(class_paths["remote"], str(tmp_path / "Program.java"))
    assert done.returncode == 1
    assert "UNAVAILABLE: " in done.stderr


@pytest.mark.parametrize(("language", "program"), [("kotlin", "DigitsKt"), ("scala", "Digits")])
def test_the_coordinates_of_a_layer_bring_all_that_it_needs(
    class_paths: dict[str, str], language: str, program: str
) -> None:
    compiled = programs_of(language).split(":")[0]
    done = run_with(f"{compiled}:{class_paths[language]}", program, str(DIGITS))
    assert done.stdout.splitlines()[-1].startswith("refused INVALID_ARGUMENT"), done.stderr


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
