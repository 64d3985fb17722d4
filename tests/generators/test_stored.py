"""Generators are built from names and settings alone, and files that do not fit are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from synthassay.errors import RunError, SpecError, UnknownName
from synthassay.generators.stored import WEIGHTS, build_generator, generator_settings, load_generator, save_generator
from synthassay.networks.batch import Facts
from synthassay.networks.weights import read_note, read_tensors, write_tensors

FACTS = Facts(1, 0, ("clear", "opaque"), (16, 16))
SMALL = {"widths": (8, 16), "latent": 4}


def test_starting_weights_depend_on_the_seed_alone() -> None:
    first = build_generator("vae", SMALL, FACTS, seed=1).state_dict()
    torch.rand(3)
    second = build_generator("vae", SMALL, FACTS, seed=1).state_dict()
    other = build_generator("vae", SMALL, FACTS, seed=2).state_dict()
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    assert not all(torch.equal(value, other[name]) for name, value in first.items())


def test_every_fault_of_the_settings_is_told() -> None:
    with pytest.raises(SpecError) as caught:
        generator_settings("vae", {"latent": 0, "widht": 3, "observation": "learnt"})
    assert {fault.place for fault in caught.value.faults} == {"vae.observation", "vae.latent", "vae.widht"}


def test_unknown_family_offers_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean: rectified_flow"):
        generator_settings("rectifed_flow", {})


def test_stored_generator_is_built_again_with_its_settings_and_facts(tmp_path: Path) -> None:
    generator = build_generator("vae", {**SMALL, "beta": 2.5}, FACTS, seed=1)
    save_generator(generator, tmp_path / WEIGHTS, training="abc")
    loaded = load_generator(tmp_path)
    assert loaded.settings == generator.settings
    assert loaded.facts == FACTS
    assert not loaded.training
    assert read_note(tmp_path / WEIGHTS)["training"] == "abc"


def test_file_without_facts_or_with_other_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / WEIGHTS
    save_generator(build_generator("vae", SMALL, FACTS, seed=1), path)
    tensors, note = read_tensors(path)
    write_tensors(path, tensors, {"family": "vae", "settings": SMALL})
    with pytest.raises(RunError, match="lacks what is needed"):
        load_generator(tmp_path)
    write_tensors(path, dict(list(tensors.items())[1:]), note)
    with pytest.raises(RunError, match="does not fit"):
        load_generator(tmp_path)
