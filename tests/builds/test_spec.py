"""A spec says what is wrong with it in one line: file, key, what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from l1ml.builds.specs import load_spec, parse_overrides, projects
from l1ml.errors import L1mlError
from l1ml.triggers.jet_tagger.spec import JetTaggerSpec

GOOD = {"project": "my_tagger", "trigger": "jet_tagger"}


def write(folder: Path, values: Any) -> Path:
    file = folder / "my.yaml"
    file.write_text(values if isinstance(values, str) else yaml.safe_dump(values))
    return file


def error_of(file: Path | str, overrides: dict[str, Any] | None = None) -> str:
    with pytest.raises(L1mlError) as caught:
        load_spec(file, overrides)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def test_every_shipped_spec_is_valid_and_named_after_its_file() -> None:
    assert projects()
    for name in projects():
        assert load_spec(name).project == name


def test_a_spec_of_two_keys_takes_defaults_for_the_rest(tmp_path: Path) -> None:
    spec = load_spec(write(tmp_path, GOOD))
    assert spec == JetTaggerSpec(project="my_tagger", trigger="jet_tagger")
    assert (spec.hls.reuse_factor, spec.verification.events) == (1, 12_000)


def test_what_a_build_writes_down_is_the_same_spec(tmp_path: Path) -> None:
    values = {
        **GOOD,
        "dataset": {"source": "generated", "path": "x.npz"},
        "hls": {"layers": {"fc1": {"precision": "fixed<9,3>"}}},
    }
    spec = load_spec(write(tmp_path, values))
    assert load_spec(write(tmp_path, spec.model_dump(mode="json"))) == spec


@pytest.mark.parametrize(
    ("key", "hint", "allowed"),
    [
        ("projct", "did you mean 'project'?", "trigger"),
        ("hls.reuse_facto", "did you mean 'reuse_factor'?", "clock_ns"),
        ("training.zzz", "", "learning_rate"),
        ("hls.layers.fc1.stratgy", "did you mean 'strategy'?", "precision"),
    ],
)
def test_an_unknown_key_is_named_with_its_nearest_relative_and_all_that_are_allowed(
    tmp_path: Path, key: str, hint: str, allowed: str
) -> None:
    file = write(tmp_path, GOOD)
    message = error_of(file, {key: 1})
    assert message.startswith(f"{file}: unknown key {key!r}; {hint}")
    assert allowed in message.partition("allowed: ")[2].split(", ")
    assert ("did you mean" in message) == bool(hint)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("hls.reuse_factor", "many", "integer"),
        ("hls.reuse_factor", 0, "greater than or equal to 1"),
        ("hls.clock_ns", 0.05, "greater than 0.1"),
        ("hls.clock_ns", float("nan"), "less than 1000"),
        ("hls.clock_uncertainty", "some", "pattern"),
        ("hls.strategy", "Fast", "'Resource' or 'distributed_arithmetic'"),
        ("hls.layers.fc1.reuse_factor", -2, "greater than or equal to 1"),
        ("model.hidden", [64, 0], "greater than or equal to 1"),
        ("model.weight_bits", 40, "less than or equal to 16"),
        ("pruning.sparsity", 1, "less than 1"),
        ("training.learning_rate", [1], "number"),
        ("dataset.source", "web", "'sample', 'generated' or 'public'"),
        ("trigger", "muon_tagger", "anomaly_vae, electron_rings, jet_tagger"),
        ("title", 5, "string"),
        ("project", "My Tagger", "pattern"),
    ],
)
def test_a_value_of_a_wrong_type_or_range_is_named_with_what_is_allowed(
    tmp_path: Path, key: str, value: Any, told: str
) -> None:
    file = write(tmp_path, GOOD)
    message = error_of(file, {key: value})
    assert message.startswith(f"{file}: {key}")
    assert told in message
    assert message.endswith(f"got {(value[1] if key == 'model.hidden' else value)!r}")


@pytest.mark.parametrize("key", ["model.input_precision", "hls.layers.fc1.precision"])
@pytest.mark.parametrize(
    "precision", ["float", "fixed<16>", "fixed<16,6", "fixed<0,0>", "fixed<16,6,ROUND>", "ap_int<1099>"]
)
def test_a_precision_that_does_not_parse_is_named_with_file_key_and_an_example(
    tmp_path: Path, key: str, precision: str
) -> None:
    file = write(tmp_path, GOOD)
    message = error_of(file, {key: precision})
    assert message.startswith(f"{file}: {key}: precision {precision!r}")
    assert any(told in message for told in ("write it like fixed<16,6>", "known: ", "must lie in"))


@pytest.mark.parametrize("name", ["small", "class", "module", "main", "always_comb", "namespace"])
def test_a_project_cannot_have_the_name_of_a_keyword_of_the_languages_it_is_written_in(
    tmp_path: Path, name: str
) -> None:
    file = write(tmp_path, {**GOOD, "project": name})
    message = error_of(file)
    assert message.startswith(f"{file}: project: ")
    assert "keyword of Verilog or C++" in message


def test_a_key_that_is_there_twice_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("project: a\ntrigger: jet_tagger\ntraining:\n  epochs: 2\n  seed: 3\n  epochs: 4\n")
    assert "key 'epochs' is there twice" in error_of(file) and "line 4" in error_of(file)


def test_a_number_in_place_of_a_list_is_told_in_plain_words(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD)
    assert error_of(file, {"model.hidden": 64}) == f"{file}: model.hidden: should be a list in brackets, got 64"


@pytest.mark.parametrize("missing", ["project", "trigger"])
def test_a_missing_key_is_named(tmp_path: Path, missing: str) -> None:
    file = write(tmp_path, {key: value for key, value in GOOD.items() if key != missing})
    assert error_of(file) == f"{file}: key {missing!r} is missing"


@pytest.mark.parametrize("text", ["", "- 1\n- 2\n", "just words", "null"])
def test_a_file_without_keys_is_told_to_hold_some(tmp_path: Path, text: str) -> None:
    file = write(tmp_path, text)
    assert error_of(file) == f"{file} must hold keys and values, such as 'project: jet_tagger'"


@pytest.mark.parametrize("text", ["a: [1, 2", "a: b: c", "\t- x: 1", "title: 2024-13-45", "a: !!python/object:os.x {}"])
def test_a_file_that_is_not_yaml_says_where(tmp_path: Path, text: str) -> None:
    file = write(tmp_path, text)
    assert error_of(file).startswith(f"{file} is not YAML: ")


def test_a_file_of_bytes_or_a_folder_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "bytes.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    assert error_of(file).startswith(f"{file} cannot be read: ")
    assert error_of(tmp_path).startswith(f"{tmp_path} cannot be read: ")


def test_a_spec_that_does_not_exist_is_told_which_ones_do() -> None:
    message = error_of("jet_taggr")
    assert message.startswith("there is no spec 'jet_taggr'")
    assert "jet_tagger" in message.partition("one of ")[2]


def test_a_section_whose_keys_are_all_commented_out_has_its_defaults(tmp_path: Path) -> None:
    file = write(tmp_path, "project: my_tagger\ntrigger: jet_tagger\nhls:\n  # reuse_factor: 4\n")
    assert load_spec(file).hls.reuse_factor == 1
    assert load_spec(file, {"hls.reuse_factor": 4}).hls.reuse_factor == 4


def test_a_value_in_the_place_of_a_section_is_told_the_keys_of_the_section(tmp_path: Path) -> None:
    file = write(tmp_path, {**GOOD, "pruning": 0.75})
    told = "pruning: should hold keys and values, got 0.75; allowed: sparsity, ramp_epochs, block"
    assert error_of(file) == f"{file}: {told}"


def test_overrides_change_keys_at_any_depth(tmp_path: Path) -> None:
    settings = ["hls.reuse_factor=8", "model.hidden=[8, 4]", "hls.layers.fc1.precision=fixed<9,3>"]
    spec = load_spec(write(tmp_path, GOOD), parse_overrides(settings))
    assert spec.hls.reuse_factor == 8
    assert spec.model.hidden == (8, 4)
    assert spec.hls.layers["fc1"].precision == "fixed<9,3>"


@pytest.mark.parametrize("setting", ["hls.reuse_factor", "=3", "", "title=[1", "title=2024-13-45"])
def test_an_override_that_is_not_key_and_value_is_quoted(setting: str) -> None:
    with pytest.raises(L1mlError) as caught:
        parse_overrides([setting])
    assert repr(setting) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_an_override_below_a_plain_value_is_refused(tmp_path: Path) -> None:
    assert (
        error_of(write(tmp_path, GOOD), {"project.name": "x"}) == "--set project.name: 'project' has no keys below it"
    )
