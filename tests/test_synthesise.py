"""Synthesis keeps what it made, notices what changed, and stops with a message on a full disk."""

import errno
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import synthassay.synthesise as room
from synthassay.errors import RunError
from synthassay.images.formats import read_image
from synthassay.images.image import Image
from synthassay.networks.batch import Batch
from synthassay.records.manifest import InsertedLesion, Manifest
from synthassay.records.vocabulary import Modality
from synthassay.synthesise import Origin, synthesise
from synthassay.tasks.base import Request

ORIGIN = Origin("Study", "noise", "noise", "0" * 64, "1" * 64, Modality.XRAY)


class Settings:
    neighbours = 1


class Noise(torch.nn.Module):
    """Grey noise that depends on each image's own generator alone."""

    settings = Settings()

    def __init__(self):
        super().__init__()
        self.calls = 0

    def sample_with_origin(self, condition, rngs):
        self.calls += 1
        return torch.stack([torch.rand(1, 8, 8, generator=rng) * 2 - 1 for rng in rngs]), [()] * len(rngs)


class Pictures:
    """Forty pictures of two classes."""

    conditioned_on = "label"

    def requests(self):
        return tuple(Request(f"syn-{i:02d}", 1000 + i, {"label": str(i % 2)}, label=str(i % 2)) for i in range(40))

    def condition(self, request, neighbours=1):
        return Batch(label=torch.tensor([int(request.label)]))

    def image(self, request, generated):
        return Image(np.rint((generated[0].numpy() + 1) * 127).astype(np.uint8))

    def drawing(self, request):
        return None


def files(folder):
    return {p.name: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_every_request_becomes_one_listed_image(tmp_path):
    manifest = synthesise(Pictures(), Noise(), ORIGIN, tmp_path)
    assert [image.case for image in manifest.images] == [f"syn-{i:02d}" for i in range(40)]
    assert manifest.format == "png"
    assert not (tmp_path / "made.jsonl").exists()


def test_interrupted_synthesis_goes_on_and_ends_with_the_same_bytes(tmp_path):
    synthesise(Pictures(), Noise(), ORIGIN, tmp_path / "whole")

    def stop(done, total):
        if done == 35:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise(Pictures(), Noise(), ORIGIN, tmp_path / "cut", progress=stop)
    with (tmp_path / "cut" / "made.jsonl").open("a") as stream:
        stream.write('{"format": "png", "unit"')  # killed while writing a line
    model = Noise()
    synthesise(Pictures(), model, ORIGIN, tmp_path / "cut")
    assert model.calls == 1, "the group that was finished must not be made again"
    assert files(tmp_path / "cut") == files(tmp_path / "whole")


def test_an_image_that_changed_meanwhile_is_made_again(tmp_path):
    whole = synthesise(Pictures(), Noise(), ORIGIN, tmp_path / "whole")
    synthesise(Pictures(), Noise(), ORIGIN, tmp_path / "cut")
    entries = [image.model_dump(mode="json") for image in whole.images]
    ledger = "".join(json.dumps({"format": "png", "unit": "arbitrary", "image": e}) + "\n" for e in entries)
    (tmp_path / "cut" / "made.jsonl").write_text(ledger)
    (tmp_path / "cut" / entries[3]["path"]).write_bytes(b"tampered")
    synthesise(Pictures(), Noise(), ORIGIN, tmp_path / "cut")
    assert files(tmp_path / "cut") == files(tmp_path / "whole")


def test_a_full_disk_is_a_message_and_what_was_made_stays(tmp_path, monkeypatch):
    real, count = room.write_image, iter(range(100))

    def fails_later(path, image, label, **more):
        if next(count) == 36:
            raise RunError(str(path), "the disk is full; nothing was half-written") from OSError(errno.ENOSPC, "")
        return real(path, image, label, **more)

    monkeypatch.setattr(room, "write_image", fails_later)
    with pytest.raises(RunError, match="disk is full"):
        synthesise(Pictures(), Noise(), ORIGIN, tmp_path / "cut")
    monkeypatch.undo()
    assert len(list((tmp_path / "cut" / "images").glob("*.png"))) == 36
    synthesise(Pictures(), Noise(), ORIGIN, tmp_path / "cut")
    synthesise(Pictures(), Noise(), ORIGIN, tmp_path / "whole")
    assert files(tmp_path / "cut") == files(tmp_path / "whole")


class Slices:
    """One volume of six slices, and the same task's slice through a lesion."""

    conditioned_on = "image"
    volume = Request("syn-whole", 77, {"source": "a"}, reference_case="a")
    alone = replace(volume, case="syn-one", lesion=InsertedLesion(centre=(1, 1, 4), diameter_mm=2, contrast=1))

    def requests(self):
        return (self.volume,)

    def condition(self, request, neighbours=1):
        return Batch(source=torch.zeros(6 if request.lesion is None else 1, 1, 8, 8))

    def image(self, request, generated):
        return Image(np.moveaxis(generated.numpy(), 0, -1).copy())

    def drawing(self, request):
        return None


def test_a_slice_made_alone_draws_what_it_draws_in_its_volume(tmp_path):
    synthesise(Slices(), Noise(), ORIGIN, tmp_path / "whole")
    synthesise(Slices(), Noise(), ORIGIN, tmp_path / "one", requests=[Slices.alone])
    whole = read_image(tmp_path / "whole" / "images" / "syn-whole.nii.gz").pixels
    one = read_image(tmp_path / "one" / "images" / "syn-one.nii.gz").pixels
    assert np.array_equal(one[..., 0], whole[..., 4])
    listed = Manifest.read(tmp_path / "one" / "manifest.json").images
    assert listed[0].lesion == Slices.alone.lesion
