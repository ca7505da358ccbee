from __future__ import annotations

from pathlib import Path

import pytest

from conclint.config.settings import RUNNING_PYTHON, Config, ConfigError, load_config
from conclint.model.execution import Confidence
from conclint.model.runtime import Gil
from conclint.rules.registry import rules_by_code


def load(folder: Path, *paths: str, **arguments: object) -> Config:
    return load_config(paths, cwd=folder, known_codes=rules_by_code(), **arguments)  # type: ignore[arg-type]


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def error(folder: Path, text: str, name: str = "pyproject.toml") -> str:
    write(folder / name, text)
    with pytest.raises(ConfigError) as caught:
        load(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(folder / name))
    return message.removeprefix(str(folder / name))


def test_defaults(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert config.root == config.cwd == tmp_path
    assert config.file is None
    assert config.min_confidence is Confidence.MEDIUM
    assert config.src == (tmp_path, tmp_path / "src")
    assert config.cache_dir == tmp_path / ".conclint_cache"
    assert config.exclude is None
    assert config.use_cache
    assert config.jobs == 0


def test_every_key(tmp_path: Path) -> None:
    write(
        tmp_path / "pyproject.toml",
        """
[tool.conclint]
select = ["con1", "CON201"]
ignore = ["CON112"]
extend-select = ["CON9"]
exclude = ["old/"]
extend-exclude = ["generated"]
per-file-ignores = { "tests/*" = ["CON1"], "a.py" = ["ALL"] }
target-version = "3.12"
gil = "both"
min-confidence = "low"
src = ["lib"]
cache-dir = ".cache/conclint"
max-file-size = 20
jobs = 3
""",
    )
    assert load(tmp_path) == Config(
        root=tmp_path,
        cwd=tmp_path,
        file=tmp_path / "pyproject.toml",
        select=("CON1", "CON201"),
        ignore=("CON112",),
        extend_select=("CON9",),
        exclude=("old/",),
        extend_exclude=("generated",),
        per_file_ignores=(("tests/*", ("CON1",)), ("a.py", ("CON",))),
        target_version=(3, 12),
        gil=Gil.BOTH,
        min_confidence=Confidence.LOW,
        src=(tmp_path / "lib",),
        cache_dir=tmp_path / ".cache/conclint",
        cache_within=tmp_path,
        max_file_size=20,
        jobs=3,
    )


@pytest.mark.parametrize("name", ["conclint.toml", ".conclint.toml"])
def test_a_file_of_its_own_has_the_keys_at_the_top(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, 'select = ["CON2"]\n')
    assert load(tmp_path).select == ("CON2",)


def test_a_file_of_its_own_may_be_written_like_pyproject(tmp_path: Path) -> None:
    write(tmp_path / "conclint.toml", '[tool.conclint]\nselect = ["CON2"]\n')
    assert load(tmp_path).select == ("CON2",)


def test_a_file_of_its_own_goes_before_pyproject_in_the_same_folder(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[tool.conclint]\nselect = ["CON1"]\n')
    write(tmp_path / "conclint.toml", 'select = ["CON2"]\n')
    assert load(tmp_path).select == ("CON2",)


def test_the_nearest_file_with_a_table_counts_and_makes_the_root(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[tool.conclint]\nselect = ["CON1"]\n')
    write(tmp_path / "sub/pyproject.toml", "[project]\nname = 'x'\n")
    write(tmp_path / "sub/deep/a.py", "")
    config = load(tmp_path / "sub/deep", "a.py")
    assert config.select == ("CON1",)
    assert config.root == tmp_path
    assert config.cwd == tmp_path / "sub/deep"


def test_somebody_elses_broken_pyproject_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.other\n")
    assert load(tmp_path).file is None


def test_the_order_of_the_paths_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path / "conclint.toml", 'select = ["CON1"]\n')
    write(tmp_path / "a/conclint.toml", 'select = ["CON2"]\n')
    write(tmp_path / "b/x.py", "")
    assert load(tmp_path, "a", "b") == load(tmp_path, "b", "a")
    assert load(tmp_path, "a", "b").select == ("CON1",)
    assert load(tmp_path, "a").select == ("CON2",)


@pytest.mark.parametrize("marker", ["pyproject.toml", "setup.cfg", "setup.py"])
def test_without_a_table_the_root_is_the_nearest_project(tmp_path: Path, marker: str) -> None:
    write(tmp_path / "project" / marker, "")
    write(tmp_path / "project/pkg/a.py", "")
    assert load(tmp_path / "project/pkg", "a.py").root == tmp_path / "project"


def test_only_what_says_so_is_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home/me"))
    write(tmp_path / "home/me/script.py", "")
    write(tmp_path / "home/me/dotfiles/.git/HEAD", "")
    write(tmp_path / "home/me/.git/HEAD", "")
    write(tmp_path / "elsewhere/a.py", "")
    write(tmp_path / "elsewhere/b/c.py", "")
    write(tmp_path / "elsewhere/repositories/some/one/d.py", "")
    home = tmp_path / "home/me"
    assert load(home / "dotfiles", ".").is_project
    assert load(tmp_path / "elsewhere", "a.py").is_project, "it is worked in"
    assert not load(tmp_path / "elsewhere", "repositories/some/one").is_project, "many may lie beside it"
    assert not load(home, "script.py").is_project, "the home folder"
    assert not load(tmp_path / "home", "me").is_project, "kept under version control"
    assert not load(tmp_path, "home").is_project, "the home folder is below it"
    assert not load(tmp_path / "elsewhere", "a.py", "/dev/null").is_project, "the file system"
    assert not load(home / "dotfiles", str(tmp_path / "elsewhere")).is_project, "two files' common folder"


def test_a_named_file_is_used_alone(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[tool.conclint]\nselect = ["CON1"]\nignore = ["CON102"]\n')
    write(tmp_path / "ci/strict.toml", 'select = ["CON2"]\n')
    config = load(tmp_path, file="ci/strict.toml")
    assert (config.select, config.ignore) == (("CON2",), ())
    assert config.root == tmp_path, "the folder of a file with any name is not the project"


def test_a_named_pyproject_keeps_its_root(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[tool.conclint]\nexclude = ["/x"]\n')
    write(tmp_path / "sub/setup.py", "")
    assert load(tmp_path, "sub", file="pyproject.toml").root == tmp_path


def test_a_named_file_must_exist_and_have_the_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^none\.toml: no such configuration file$"):
        load(tmp_path, file="none.toml")
    write(tmp_path / "pyproject.toml", "")
    with pytest.raises(ConfigError, match=r"has no \[tool\.conclint\] table"):
        load(tmp_path, file="pyproject.toml")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('selct = ["CON1"]', ":2: unknown key 'selct'; did you mean 'select'?"),
        ('min_confidence = "low"', ":2: unknown key 'min_confidence'; did you mean 'min-confidence'?"),
        ("colour = true", ":2: unknown key 'colour'"),
        ('select = "CON1"', ":2: select: must be a list of strings, but is a string"),
        ("select = [1]", ":2: select: must be a list of strings, but is a whole number in one place"),
        ('ignore = ["CON1O4"]', ":2: ignore: there is no rule 'CON1O4'; did you mean 'CON104'?"),
        ("max-file-size = 0", ":2: max-file-size: must be 1 to 100 MB, not 0"),
        ("max-file-size = 101", ":2: max-file-size: must be 1 to 100 MB, not 101"),
        ('max-file-size = "5MB"', ":2: max-file-size: must be a whole number of MB, but is a string"),
        ('min-confidence = "sure"', ':2: min-confidence: must be "low", "medium" or "high", not \'sure\''),
        (
            "target-version = 3.10",
            ':2: target-version: must be a string such as "3.12", but is a number'
            " (3.10 without quotes is the number 3.1)",
        ),
        (
            'target-version = "2.7"',
            ":2: target-version: must be a Python version such as \"3.12\", not '2.7'",
        ),
        ('gil = "off"', ':2: gil: must be "enabled", "free-threaded" or "both", not \'off\''),
        ("gil = false", ":2: gil: must be a string, but is a boolean"),
        ("jobs = true", ":2: jobs: must be a whole number, but is a boolean"),
        ("jobs = -1", ":2: jobs: must be 0 (as many as pay) to 1000, not -1"),
        ("cache-dir = 1", ":2: cache-dir: must be a string, but is a whole number"),
        ('exclude = ["!"]', ":2: exclude: must be a .gitignore pattern, not '!'"),
        (
            'per-file-ignores = ["CON1"]',
            ":2: per-file-ignores: must be a table of patterns with lists of codes, but is a list",
        ),
        (
            'per-file-ignores = { "a.py" = "CON1" }',
            ':2: per-file-ignores: "a.py": must be a list of strings, but is a string',
        ),
    ],
)
def test_errors_name_file_line_key_and_the_nearest_known(tmp_path: Path, line: str, expected: str) -> None:
    assert error(tmp_path, f"[tool.conclint]\n{line}\n") == expected


def test_an_unknown_code_for_a_file_is_an_error(tmp_path: Path) -> None:
    text = '[tool.conclint.per-file-ignores]\n"a.py" = ["CON101"]\n"b.py" = ["E501"]\n'
    assert error(tmp_path, text).startswith(":3: per-file-ignores.\"b.py\": there is no rule 'E501'")


def test_the_line_is_that_of_our_table(tmp_path: Path) -> None:
    assert error(tmp_path, "[tool.other]\nselct = 1\n[tool.conclint]\nselct = 1\n").startswith(":4: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[tool]\nconclint = 1\n", ":2: tool.conclint must be a table, but is a whole number"),
        ("[tool.conclint]\nselect = [\n", ": is not valid TOML: "),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, text: str, expected: str) -> None:
    assert error(tmp_path, text).startswith(expected)


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "conclint.toml").write_bytes(b'select = ["\xff"]')
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("required", "expected"),
    [
        (">=3.9", (3, 9)),
        (">3.9, <4", (3, 9)),
        ("~=3.11", (3, 11)),
        ("==3.12.*", (3, 12)),
        (">=3.8,>=3.10", (3, 10)),
    ],
)
def test_the_target_is_what_the_project_requires(
    tmp_path: Path, required: str, expected: tuple[int, int]
) -> None:
    write(tmp_path / "pyproject.toml", f'[project]\nrequires-python = "{required}"\n')
    assert load(tmp_path).target_version == expected


@pytest.mark.parametrize(
    ("required", "expected"), [("^3.8", (3, 8)), ("~3.9", (3, 9)), (">=3.10,<4.0", (3, 10))]
)
def test_the_target_is_what_poetry_asks_for(tmp_path: Path, required: str, expected: tuple[int, int]) -> None:
    poetry = f'[tool.poetry.dependencies]\npython = "{required}"\n'
    write(tmp_path / "pyproject.toml", poetry)
    assert load(tmp_path).target_version == expected
    write(tmp_path / "pyproject.toml", f'[project]\nrequires-python = ">=3.11"\n{poetry}')
    assert load(tmp_path).target_version == (3, 11)


@pytest.mark.parametrize("text", ["[tool]\npoetry = 1\n", "[tool.poetry.dependencies]\npython = []\n"])
def test_a_strange_table_of_poetry_says_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path / "pyproject.toml", text)
    assert load(tmp_path).target_version == RUNNING_PYTHON


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"tool-1.dist-info/METADATA": ">=3.8"}, (3, 8)),
        ({"PKG-INFO": ">=3.9,<4"}, (3, 9)),
        ({"tool-1.dist-info/METADATA": ">=3.8", "other-2.dist-info/METADATA": ">=3.9"}, None),
        ({"tool-1.dist-info/RECORD": ""}, None),
        ({"PKG-INFO": ">=3.9", "pyproject.toml": "[build-system]\n"}, (3, 9)),
        ({"PKG-INFO": ">=3.9", "pyproject.toml": '[project]\nrequires-python = ">=3.10"\n'}, (3, 10)),
    ],
)
def test_the_metadata_of_an_unpacked_package_say_what_it_requires(
    tmp_path: Path, files: dict[str, str], expected: tuple[int, int] | None
) -> None:
    head = (
        "Metadata-Version: 2.1\nName: tool\nRequires-Python: {0}\n\nRequires-Python: >=3.13 is another's.\n"
    )
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / name, text if name.endswith("toml") else head.format(text))
    assert load(tmp_path).target_version == (expected or RUNNING_PYTHON)


def test_the_target_that_is_configured_goes_before_what_the_project_requires(tmp_path: Path) -> None:
    write(
        tmp_path / "pyproject.toml",
        '[project]\nrequires-python = ">=3.9"\n[tool.conclint]\ntarget-version = "py313"\n',
    )
    assert load(tmp_path).target_version == (3, 13)


class TestOptions:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        write(
            tmp_path / "conclint.toml",
            'select = ["CON1"]\nignore = ["CON102"]\nextend-select = ["CON2"]\n'
            'exclude = ["a"]\nextend-exclude = ["b"]\nmin-confidence = "high"\ncache-dir = "c"\n',
        )
        return tmp_path

    def test_none_is_not_given(self, folder: Path) -> None:
        assert load(folder, options={"select": None, "jobs": None}) == load(folder)

    def test_select_puts_the_files_choice_aside(self, folder: Path) -> None:
        config = load(folder, options={"select": ("CON102",)})
        assert (config.select, config.ignore, config.extend_select) == (("CON102",), (), ())

    def test_ignore_and_the_extending_ones_add(self, folder: Path) -> None:
        config = load(
            folder, options={"ignore": ("CON103",), "extend_select": ("CON9",), "extend_exclude": ("x",)}
        )
        assert config.ignore == ("CON102", "CON103")
        assert config.extend_select == ("CON2", "CON9")
        assert config.extend_exclude == ("b", "x")

    def test_the_others_replace(self, folder: Path) -> None:
        config = load(folder, options={"exclude": ("x",), "min_confidence": Confidence.LOW, "jobs": 2})
        assert (config.exclude, config.min_confidence, config.jobs) == (("x",), Confidence.LOW, 2)

    def test_a_cache_folder_is_relative_to_where_it_is_written(self, folder: Path) -> None:
        (folder / "sub").mkdir()
        assert load(folder / "sub").cache_dir == folder / "c"
        assert load(folder / "sub", options={"cache_dir": "d"}).cache_dir == folder / "sub/d"

    def test_patterns_are_relative_to_the_working_directory(self, folder: Path) -> None:
        (folder / "sub").mkdir()
        patterns = ("name", "/top", "deep/er/", "!./kept/x", "folder/")
        assert load(folder / "sub", options={"exclude": patterns}).exclude == (
            "name",
            "/sub/top",
            "/sub/deep/er/",
            "!/sub/kept/x",
            "folder/",
        )


@pytest.mark.parametrize("name", ["conclnt", "conlint", "conclit", "Conclint"])
def test_a_misspelled_table_is_no_configuration(tmp_path: Path, name: str) -> None:
    write(tmp_path / "pyproject.toml", f"[project]\nname = 'x'\n\n[tool.{name}]\nselect = ['CON1']\n")
    with pytest.raises(
        ConfigError, match=rf"pyproject\.toml:4: unknown table \[tool\.{name}\]; did you mean"
    ):
        load(tmp_path)


@pytest.mark.parametrize("name", ["coverage.run", "commitizen", "cibuildwheel", "conda", "codespell"])
def test_another_tools_table_is_left_alone(tmp_path: Path, name: str) -> None:
    write(tmp_path / "pyproject.toml", f"[tool.{name}]\nx = 1\n")
    assert load(tmp_path).file is None
