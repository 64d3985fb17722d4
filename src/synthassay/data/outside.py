"""Images that somebody else made or chose, as a set to be judged: any folder, table, ``.npz`` or BIDS root."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from synthassay.data.cohorts import main_role
from synthassay.data.image_set import Entry, ImageSet
from synthassay.data.listing import TRUTH_ROLES, Fields, Listing
from synthassay.data.listings import list_path
from synthassay.data.store import ImageStore
from synthassay.data.survey import Progress, check_grid, survey
from synthassay.errors import DataError
from synthassay.images.image import Image
from synthassay.images.intensity import require_hu
from synthassay.records.base import inside
from synthassay.records.cohort import Case, Locator
from synthassay.records.manifest import Manifest, SyntheticImage
from synthassay.records.vocabulary import Modality, Role, Unit

MANIFEST = "manifest.json"


def folder_image_set(
    name: str,
    folder: Path,
    modality: Modality,
    *,
    role: str = Role.IMAGE,
    unit: Unit | None = None,
    mpp: float | None = None,
    progress: Progress | None = None,
) -> ImageSet:
    """Return the images at a path as a set; each was read once and found sound.

    A folder with a ``manifest.json`` is read by it, in its order: cases, labels, the real case that each image should
    equal, and the subject where an image comes from one. Elsewhere labels are the class subfolders or columns.

    Args:
        name: Name of the set, shown in tables.
        folder: Folder of images, BIDS root, ``.npz`` or table.
        modality: CT pictures must be in HU.
        role: What is wanted: a role that the data have, or ``mask``, ``lesion`` or ``structures`` for a folder that
            holds nothing else.
        unit: What pictures are known to be in, where the files leave it open.
        mpp: Micrometres per pixel of pictures whose files do not state them, as PNG and JPEG do not.
        progress: Called with the images looked at so far and in all.

    Raises:
        DataError: Images are missing, cannot be read (all are listed), or differ in unit, channels or, for pictures,
            in size or spacing.
        ImageError: CT pictures are not in HU.
    """
    if (folder / MANIFEST).is_file():
        listing, references, stated = _by_manifest(folder.resolve())
        unit = unit or stated
    else:
        listing, references = list_path(folder, "auto", Fields()), {}
    cases = _in_role(listing, role)
    store = ImageStore(listing.root, unit=unit)
    looks = survey(store, cases, [role], progress)
    if len(looks[0].space) == 2:
        check_grid(looks)
    if modality is Modality.CT and role not in TRUTH_ROLES:
        odd = next((look.case for look in looks if look.unit is not Unit.HU), None)
        if odd is not None:
            case = next(case for case in cases if case.case == odd)
            require_hu(store.image(case, role), f"{name}: case {odd}")
    return ImageSet(
        name,
        tuple(
            Entry(
                case.case,
                case.subject,
                partial(_read, store, case, role, mpp),
                label=case.label,
                site=case.site,
                reference_case=references.get(case.case, ""),
                file=_file(listing.root, case.images[role]),
            )
            for case in cases
        ),
    )


def drawn_by_manifest(name: str, folder: Path) -> ImageSet | None:
    """Return the label maps that a manifest lists beside its images, one per image in its order; None without any.

    Raises:
        DataError: A listed file leaves the folder, or only part of the images have a label map.
    """
    manifest = Manifest.read(folder / MANIFEST)
    listed = [image for image in manifest.images if image.structures is not None]
    if not listed:
        return None
    if len(listed) < len(manifest.images):
        what = f"lists label maps for {len(listed)} of {len(manifest.images)} images"
        raise DataError(str(folder / MANIFEST), what, remedy="Make the images again: all of them have one, or none.")
    store = ImageStore(folder.resolve())
    cases = [_case(image) for image in listed]
    drawn = [
        case.model_copy(update={"images": {Role.STRUCTURES.value: Locator(path=image.structures.path)}})
        for case, image in zip(cases, listed, strict=True)
        if image.structures is not None
    ]
    return store.image_set(name, drawn, Role.STRUCTURES.value)


def _file(root: Path, where: Locator) -> Path | None:
    alone = where.index is None and not where.path.lower().endswith(".npz")
    return (root / where.path).absolute() if alone else None


def _read(store: ImageStore, case: Case, role: str, mpp: float | None) -> Image:
    image = store.image(case, role)
    if mpp is None or image.geometry.mpp is not None or len(image.space) != 2:
        return image
    return replace(image, geometry=replace(image.geometry, mpp=mpp))


def _in_role(listing: Listing, role: str) -> tuple[Case, ...]:
    present = {known for case in listing.cases for known in case.images}
    found = role if role in present else main_role(listing)
    cases = tuple(
        case.model_copy(update={"images": {role: case.images[found]}}) for case in listing.cases if found in case.images
    )
    if not cases:
        raise DataError(str(listing.root), "has no image in this role", value=role)
    return cases


def _by_manifest(folder: Path) -> tuple[Listing, dict[str, str], Unit | None]:
    manifest = Manifest.read(folder / MANIFEST)
    missing = [image.path for image in manifest.images if not inside(folder, image.path).exists()]
    if missing:
        shown = ", ".join(missing[:10]) + (", …" if len(missing) > 10 else "")
        raise DataError(
            str(folder / MANIFEST),
            f"lists {len(missing)} of {len(manifest.images)} image(s) that are not there",
            value=shown,
            remedy="Copy the whole folder, or make the images again; leaving them out would flatter the generator.",
        )
    listing = Listing(folder, tuple(_case(image) for image in manifest.images), "manifest of synthetic images")
    unit = Unit.HU if manifest.unit == Unit.HU else None
    return listing, {image.case: image.reference_case for image in manifest.images if image.reference_case}, unit


def _case(image: SyntheticImage) -> Case:
    subject = image.source_subjects[0] if len(image.source_subjects) == 1 else image.case
    images = {Role.IMAGE.value: Locator(path=image.path)}
    return Case(case=image.case, subject=subject, label=image.label, images=images)
