"""Bundles: what is missing, truncated or altered is refused with a reason."""

import json
import shutil
from pathlib import Path

import pytest

from sentiment_kit import Analyzer, BundleError, ModelError
from sentiment_kit.encoder.bundle import (
    ONNX_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    Bundle,
    bundle_folder,
    default_folder,
    sha256,
)
from sentiment_kit.encoder.onnx import OnnxEncoder


@pytest.fixture
def copy(tmp_path):
    """A copy of the bundled model that a test may break."""
    return shutil.copytree(default_folder(), tmp_path / "bundle")


def test_the_bundled_model_is_whole():
    bundle = Bundle.open(default_folder())
    for name in bundle.manifest["files"]:
        assert bundle.file(name).is_file()
    assert sum(file["bytes"] for file in bundle.manifest["files"].values()) < 45e6
    assert bundle.manifest["files"][ONNX_FILE]["bytes"] < 20e6


@pytest.mark.parametrize("name", [ONNX_FILE, TOKENIZER_FILE])
def test_a_missing_file(copy, name):
    (copy / name).unlink()
    with pytest.raises(BundleError, match=r"SK315.*is missing"):
        Analyzer(model=copy)


@pytest.mark.parametrize("name", [ONNX_FILE, TOKENIZER_FILE])
def test_a_truncated_file(copy, name):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(BundleError, match=r"SK316.*the manifest says"):
        Analyzer(model=copy)


@pytest.mark.parametrize("name", [ONNX_FILE, TOKENIZER_FILE])
def test_an_altered_file(copy, name):
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(BundleError, match=r"SK317.*SHA-256 differs"):
        Analyzer(model=copy)


def test_an_altered_file_of_weights_does_not_hinder_scoring(copy):
    (copy / WEIGHTS_FILE).unlink()
    assert Analyzer(model=copy).analyze("Great shop!").sentiment is not None


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"format": 99}, "format is 99"),
        ({"normalisation": 0}, "normalisation is 0"),
        ({"themes": ["weather"]}, "themes is"),
    ],
)
def test_a_manifest_of_another_version(copy, change, wanted):
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    (copy / "manifest.json").write_text(json.dumps({**manifest, **change}), encoding="utf-8")
    with pytest.raises(BundleError, match=f"SK313.*{wanted}"):
        Analyzer(model=copy)


def test_a_broken_manifest(copy):
    (copy / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(BundleError, match="SK312"):
        Bundle.open(copy)


def test_a_folder_without_a_manifest(tmp_path):
    with pytest.raises(BundleError, match=r"SK311.*no manifest\.json"):
        Bundle.open(tmp_path)


def test_a_file_that_the_manifest_does_not_list(copy):
    (copy / "extra.bin").write_bytes(b"x")
    with pytest.raises(BundleError, match="SK314"):
        Bundle.open(copy).file("extra.bin")


def test_a_network_that_onnx_runtime_refuses(copy):
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    (copy / ONNX_FILE).write_bytes(b"no network")
    manifest["files"][ONNX_FILE] = {"bytes": 10, "sha256": sha256(copy / ONNX_FILE)}
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelError, match="SK321"):
        OnnxEncoder(Bundle.open(copy))


@pytest.mark.parametrize("name", ["build/bundel", "./bundel", "../bundel", "~/bundel", "/none/bundel", "a/b/c"])
def test_a_mistyped_folder_is_no_name_on_the_hub(tmp_path, monkeypatch, name):
    (tmp_path / "build").mkdir()
    monkeypatch.chdir(tmp_path)
    for model in (name, Path(name)):
        with pytest.raises(BundleError, match="SK318: there is no folder .*(bundel|c);"):
            Analyzer(model=model)


@pytest.mark.parametrize("name", ["model", "owner/model"])
def test_names_on_the_hub_are_left_to_transformers(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert bundle_folder(name) is None
